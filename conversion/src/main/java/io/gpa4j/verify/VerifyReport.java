package io.gpa4j.verify;

import io.gpa4j.quality.Figures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * All stages of a verification.
 *
 * @param model the model file or checkpoint
 * @param goldens the golden folder
 * @param options the bounds
 * @param gaps golden files that are missing or left out, a sentence each
 * @param stages in the order in which they ran
 */
public record VerifyReport(Path model, Path goldens, VerifyOptions options, List<String> gaps, List<StageResult> stages) {
  private static final String ROW = "%-26s %-6s %10s %10s %8s %22s %10s  %s";

  /** Copies the lists. */
  public VerifyReport {
    gaps = List.copyOf(gaps);
    stages = List.copyOf(stages);
  }

  /** Whether anything was compared, and every stage passed. */
  public boolean passed() {
    return !stages.isEmpty() && stages.stream().allMatch(StageResult::passed);
  }

  /** The head of the table. */
  public static String header() {
    return String.format(Locale.ROOT, ROW, "stage", "input", "NMSE", "max error", "SNR dB", "ids/differ/firm", "generated", "");
  }

  /** A line of the table, and one more with what went wrong. */
  public static String row(StageResult stage) {
    boolean ids = stage.idsCompared() > 0 || stage.generated() > 0;
    String row = String.format(Locale.ROOT, ROW, stage.stage(), stage.input(), Figures.text("%.2e", stage.nmse()), Figures.text("%.2e", stage.maxError()),
        Figures.text("%.1f", stage.snrDecibels()), ids ? stage.idsCompared() + "/" + stage.idsDiffering() + "/" + stage.idsFirm() : "-",
        stage.generated() > 0 ? String.valueOf(stage.generated()) : "-", stage.passed() ? "PASS" : "FAIL");
    if (stage.passed()) {
      return row;
    }
    String worst = stage.worst() == null ? "" : "worst: " + stage.worst();
    return row + "\n    " + (stage.note().isEmpty() ? worst : worst.isEmpty() ? stage.note() : stage.note() + "; " + worst);
  }

  /** The whole table. */
  public String toTable() {
    List<String> lines = new ArrayList<>();
    lines.add(header());
    stages.forEach(stage -> lines.add(row(stage)));
    return String.join("\n", lines);
  }

  /** The report as JSON, with every tensor. An infinite SNR is an exact match, an infinite error a tensor that cannot be compared. */
  public String toJson() {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("model", model.toString());
    root.put("goldens", goldens.toString());
    root.put("passed", passed());
    root.put("bounds", json(options));
    root.put("gaps", gaps);
    root.put("stages", stages.stream().map(VerifyReport::json).toList());
    return Figures.json(root);
  }

  private static Map<String, Object> json(VerifyOptions options) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("nmse", Figures.number(options.nmse()));
    map.put("snr_db", Figures.number(options.snrDecibels()));
    map.put("margin_scale", Figures.number(options.marginScale()));
    map.put("probability", Figures.number(options.probability()));
    return map;
  }

  private static Map<String, Object> json(StageResult stage) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("stage", stage.stage());
    map.put("input", stage.input());
    map.put("passed", stage.passed());
    map.put("nmse", Figures.number(stage.nmse()));
    map.put("worst", stage.worst());
    map.put("max_error", Figures.number(stage.maxError()));
    map.put("snr_db", Figures.number(stage.snrDecibels()));
    map.put("ids_compared", stage.idsCompared());
    map.put("ids_differing", stage.idsDiffering());
    map.put("ids_differing_firm", stage.idsFirm());
    map.put("generated_compared", stage.generated());
    map.put("note", stage.note());
    map.put("tensors", stage.tensors().stream().map(tensor -> {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("name", tensor.name());
      entry.put("nmse", Figures.number(tensor.nmse()));
      entry.put("max_error", Figures.number(tensor.maxError()));
      return entry;
    }).toList());
    return map;
  }
}
