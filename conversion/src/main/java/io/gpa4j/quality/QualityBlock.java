package io.gpa4j.quality;

import io.gpa4j.quality.ModelQuality.NetworkQuality;
import io.gpa4j.quality.ModelQuality.StageQuality;
import io.gpa4j.quality.ModelQuality.WeightQuality;
import io.gpa4j.quality.ModelQuality.WordRates;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A model's figures as a block of text. */
final class QualityBlock {
  private static final String ROW = "  %-16s %9s  %8s  %s";

  private static final String EQUAL = "all equal";

  private QualityBlock() {}

  static String of(ModelQuality model) {
    List<String> lines = new ArrayList<>();
    lines.add(model.model().getFileName() + ": " + (model.type().isEmpty() ? "" : model.type() + ", ") + QualityReport.megabytes(model.bytes())
        + " MB, precision " + model.precision().name().toLowerCase(Locale.ROOT));
    lines.add(row("weights of", "rel. RMSE", "", "worst tensor"));
    Map<String, List<WeightQuality>> parts = model.weights().stream()
        .collect(Collectors.groupingBy(weight -> weight.name().split("\\.", 2)[0], LinkedHashMap::new, Collectors.toList()));
    parts.forEach((part, weights) -> lines.add(weights(part, weights)));
    if (!model.networks().isEmpty()) {
      lines.add(row("network", "cosine", "SNR, dB", "worst stage"));
      model.networks().forEach(network -> lines.add(network(network)));
    }
    model.decoder().ifPresent(decoder -> lines.add(line("decoder", "KL " + Figures.text("%.5f", decoder.answer().meanNats()) + " nats, top-1 "
        + Figures.text("%.2f", decoder.answer().topPercent()) + " % of " + decoder.answer().rows() + " answer tokens")));
    model.codec().ifPresent(codec -> lines.add(line("codec", "SNR " + Figures.text("%.1f", codec.snrDecibels()) + " dB, log-mel distance "
        + Figures.text("%.3f", codec.logMelDecibels()) + " dB")));
    if (!model.ids().isEmpty()) {
      lines.add(line("other ids", model.ids().stream()
          .map(ids -> ids.tokenizer() + " " + Figures.text("%.2f", ids.percent()) + " % of " + ids.compared()).collect(Collectors.joining(", "))));
    }
    if (model.words().recognition().words() > 0) {
      lines.add(line("words wrong", words(model.words())));
    }
    return String.join("\n", lines);
  }

  // The parts differ in size, and so do their tensors: every element counts the same.
  private static String weights(String part, List<WeightQuality> weights) {
    double elements = weights.stream().mapToLong(WeightQuality::elements).sum();
    double square = weights.stream().mapToDouble(weight -> weight.elements() / elements * weight.relativeRmse() * weight.relativeRmse()).sum();
    WeightQuality worst = weights.stream().max(Comparator.comparingDouble(WeightQuality::relativeRmse)).orElseThrow();
    return row(part, Figures.text("%.5f", Math.sqrt(square)), "",
        worst.relativeRmse() == 0 ? EQUAL : worst.name() + " " + worst.type() + " " + Figures.text("%.5f", worst.relativeRmse()));
  }

  private static String network(NetworkQuality network) {
    StageQuality result = network.result();
    return row(network.name(), Figures.text("%.6f", result.cosine()), Figures.text("%.1f", result.snrDecibels()),
        network.worst().map(worst -> Double.isInfinite(worst.snrDecibels()) && worst.snrDecibels() > 0 ? EQUAL
            : worst.name() + " " + Figures.text("%.1f", worst.snrDecibels()) + " dB").orElse(""));
  }

  private static String words(WordRates words) {
    return "heard " + errors(words.recognition()) + ", spoken " + errors(words.speech()) + ", converted " + errors(words.conversion());
  }

  private static String errors(WordErrors errors) {
    return Figures.text("%.1f", errors.percent()) + " ± " + Figures.text("%.1f", errors.standardErrorPercent()) + " % of " + errors.words();
  }

  private static String line(String name, String said) {
    return String.format(Locale.ROOT, "  %-16s %s", name, said);
  }

  private static String row(String name, String first, String second, String rest) {
    return String.format(Locale.ROOT, ROW, name, first, second, rest).stripTrailing();
  }
}
