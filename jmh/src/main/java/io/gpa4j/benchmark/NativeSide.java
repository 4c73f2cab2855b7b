package io.gpa4j.benchmark;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.StreamSupport;

/** The benchmark programs of tests/native. */
final class NativeSide {
  /** What bench_engine says of a case: counters by name. */
  record Figures(Map<String, Map<String, Double>> cases, Map<String, String> machine) {}

  // The statistics that Google Benchmark adds to repetitions may be NaN: the deviation of zeros over their mean.
  private static final ObjectMapper JSON = JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private final Subject subject;
  private final String text;

  /** text: ids of what is spoken, comma-separated. */
  NativeSide(Subject subject, String text) {
    this.subject = subject;
    this.text = text;
  }

  /** Runs a case of bench_api; the first call warms up and does not count. */
  Measured run(Case wanted, int calls) throws IOException {
    JsonNode report = run("bench_api", "^" + wanted.name() + "/real_time$", List.of("--benchmark_repetitions=" + (calls + 1), "--benchmark_min_time=0"));
    double[] millis = StreamSupport.stream(report.path("benchmarks").spliterator(), false)
        .filter(run -> run.path("run_type").asText().equals("iteration")).skip(1).mapToDouble(run -> run.get("real_time").asDouble()).toArray();
    if (millis.length != calls) {
      throw new IOException("bench_api ran " + wanted.name() + " " + millis.length + " times instead of " + calls);
    }
    return new Measured(millis, Double.NaN);
  }

  /** Runs the cases of bench_engine whose names match. */
  Figures engine(String filter, double secondsEach) throws IOException {
    JsonNode report = run("bench_engine", filter, List.of(String.format(Locale.ROOT, "--benchmark_min_time=%.2f", secondsEach)));
    Map<String, Map<String, Double>> cases = new LinkedHashMap<>();
    for (JsonNode run : report.path("benchmarks")) {
      Map<String, Double> counters = new LinkedHashMap<>();
      for (String counter : List.of("real_time", "tokens/s", "RTF", "of_limit")) {
        if (run.has(counter)) {
          counters.put(counter, run.get(counter).asDouble());
        }
      }
      cases.put(run.get("name").asText().replace("/real_time", ""), counters);
    }
    Map<String, String> machine = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : report.path("context").properties()) {
      if (field.getKey().matches("stream.*|peak.*|kernels")) {
        machine.put(field.getKey(), field.getValue().asText());
      }
    }
    return new Figures(cases, machine);
  }

  private JsonNode run(String program, String filter, List<String> options) throws IOException {
    Path out = Files.createTempFile("gpa-bench", ".json");
    try {
      Commands.run(Map.of("GPA_BENCH_MODEL", subject.model().toString(), "GPA_BENCH_THREADS", Integer.toString(subject.threads()),
          "GPA_BENCH_PRECISION", subject.precision().toLowerCase(Locale.ROOT), "GPA_BENCH_TEXT", text),
          Commands.line(subject.programs().resolve(program).toString(), "--benchmark_filter=" + filter, "--benchmark_out_format=json",
              "--benchmark_out=" + out, options));
      return JSON.readTree(out.toFile());
    } finally {
      Files.deleteIfExists(out);
    }
  }
}
