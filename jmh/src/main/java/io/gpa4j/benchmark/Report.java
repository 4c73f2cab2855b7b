package io.gpa4j.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpa4j.benchmark.onnx.OnnxPeer;
import io.gpa4j.report.ResultFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What a run measured, as a table for people and as JSON. */
final class Report {
  private final Subject subject;
  private final String processor;
  final List<Row> rows = new ArrayList<>();
  /** Figures of bench_engine, one a round, by case. */
  final Map<String, List<Map<String, Double>>> engine = new LinkedHashMap<>();
  /** A peer's tokens per second, one a round, by case. */
  final Map<String, List<Double>> peer = new LinkedHashMap<>();
  /** Times of ONNX Runtime and ours beside it, one a round, by case. */
  final Map<String, List<OnnxPeer.Times>> onnx = new LinkedHashMap<>();
  final Map<String, String> machine = new LinkedHashMap<>();

  Report(Subject subject, String processor) {
    this.subject = subject;
    this.processor = processor;
  }

  void addEngine(NativeSide.Figures figures) {
    figures.cases().forEach((name, counters) -> engine.computeIfAbsent(name, key -> new ArrayList<>()).add(counters));
    machine.putAll(figures.machine());
  }

  /** The median over the rounds of a counter of bench_engine; NaN: it has none. */
  double engine(String name, String counter) {
    return Measured.median(engine.get(name).stream().mapToDouble(round -> round.getOrDefault(counter, Double.NaN)).toArray());
  }

  /** Our speed over the peer's, the median of the rounds' own ratios. ours: a case of bench_engine. */
  double ratio(String ours, String theirs) {
    List<Map<String, Double>> mine = engine.get(ours);
    List<Double> other = peer.get(theirs);
    double[] ratios = new double[Math.min(mine.size(), other.size())];
    Arrays.setAll(ratios, i -> mine.get(i).get("tokens/s") / other.get(i));
    return Measured.median(ratios);
  }

  String table() {
    StringBuilder out = new StringBuilder();
    out.append(String.format(Locale.ROOT, "%s, %d threads; %s, %s%n", processor, subject.threads(), subject.model().getFileName(), subject.precision().toLowerCase(Locale.ROOT)));
    machine.forEach((name, value) -> out.append(name).append(' ').append(value).append("  "));
    out.append(String.format("%n%n%-24s %12s %12s %8s %17s %12s %8s%n", "case", "native ms", "Java ms", "Java +%", "(rounds)", "heap B/call", "RTF"));
    for (Row row : rows) {
      double[] overheads = row.overheads();
      out.append(String.format(Locale.ROOT, "%-24s %12.2f %12.2f %8.1f %17s %12.0f %8s%n", row.measured.name(), row.nativeMillis(), row.javaMillis(),
          Measured.median(overheads), String.format(Locale.ROOT, "%.1f … %.1f", Arrays.stream(overheads).min().orElse(0), Arrays.stream(overheads).max().orElse(0)),
          row.heapBytes(), row.measured.audioSeconds() == 0 ? "" : String.format(Locale.ROOT, "%.3f", row.nativeMillis() / 1000 / row.measured.audioSeconds())));
    }
    out.append(String.format("%n%-24s %12s %12s %10s %12s %8s%n", "engine alone", "ms", "tokens/s", "of limit", "peer tok/s", "ratio"));
    for (String name : engine.keySet()) {
      out.append(String.format(Locale.ROOT, "%-24s %12.2f %12s %10s", name, engine(name, "real_time"), number("%.1f", engine(name, "tokens/s")),
          number("%.0f %%", 100 * engine(name, "of_limit"))));
      String theirs = name.replace("_semantic", "_all");
      if (peer.containsKey(theirs)) {
        out.append(String.format(Locale.ROOT, " %12.1f %8.2f", Measured.median(peer.get(theirs).stream().mapToDouble(d -> d).toArray()), ratio(name, theirs)));
      }
      out.append(System.lineSeparator());
    }
    if (!onnx.isEmpty()) {
      out.append(String.format("%n%-24s %12s %12s %10s%n", "codec beside peer", "ours ms", "onnxruntime", "ratio"));
    }
    onnx.forEach((name, times) -> out.append(String.format(Locale.ROOT, "%-24s %12.1f %12.1f %10.2f%n", name, median(times, OnnxPeer.Times::ours),
        median(times, OnnxPeer.Times::theirs), median(times, round -> round.theirs() / round.ours()))));
    return out.toString();
  }

  private static double median(List<OnnxPeer.Times> rounds, ToDoubleFunction<OnnxPeer.Times> figure) {
    return Measured.median(rounds.stream().mapToDouble(figure).toArray());
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
  }

  void writeJson(Path file) throws IOException {
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    ObjectNode root = mapper.createObjectNode();
    root.put("processor", processor).put("threads", subject.threads()).put("model", subject.model().getFileName().toString())
        .put("precision", subject.precision());
    root.set("machine", mapper.valueToTree(machine));
    ArrayNode cases = root.putArray("cases");
    for (Row row : rows) {
      ObjectNode node = cases.addObject().put("name", row.measured.name()).put("native_ms", row.nativeMillis()).put("java_ms", row.javaMillis())
          .put("java_overhead_percent", Measured.median(row.overheads()));
      if (!Double.isNaN(row.heapBytes())) {
        node.put("java_heap_bytes", row.heapBytes());
      }
      node.set("native_rounds_ms", mapper.valueToTree(row.nativeRounds.stream().map(Measured::millis).toList()));
      node.set("java_rounds_ms", mapper.valueToTree(row.javaRounds.stream().map(Measured::millis).toList()));
    }
    root.set("engine", mapper.valueToTree(engine));
    root.set("peer_tokens_per_second", mapper.valueToTree(peer));
    root.set("onnxruntime_ms", mapper.valueToTree(onnx));
    ResultFile.replace(file, part -> mapper.writeValue(part.toFile(), root));
  }
}
