package io.gpa4j.benchmark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.LlamaExporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * llama.cpp or a relative of it on the same decoder, by its own benchmarks: llama-bench, and llama-batched-bench if that stands
 * beside it. Cases are named like bench_engine's.
 */
final class LlamaPeer implements AutoCloseable {
  private final Path bench;
  private final Path decoder;
  private final int threads;

  /** Writes the decoder, as llama.cpp reads it, into the folder. */
  LlamaPeer(Path bench, Subject subject, Path folder) {
    this.bench = bench.toAbsolutePath();
    this.threads = subject.threads();
    this.decoder = folder.toAbsolutePath().resolve("decoder.gguf");
    LlamaExporter.export(subject.model(), decoder, ConversionListener.NONE);
  }

  /** Tokens per second by case. */
  Map<String, Double> run() throws IOException {
    Map<String, Double> speeds = new LinkedHashMap<>();
    String output = Commands.run(Map.of(), Commands.line(bench, "-m", decoder, "-t", threads, "-p", 512, "-n", 128, "-r", 2, "-o", "json"));
    for (JsonNode test : new ObjectMapper().readTree(output.substring(output.indexOf("[\n"), output.lastIndexOf(']') + 1))) {
      speeds.put(test.get("n_gen").asInt() == 0 ? "prefill_512" : "decode_b1_all", test.get("avg_ts").asDouble());
    }
    Path batched = bench.resolveSibling("llama-batched-bench");
    if (Files.isExecutable(batched)) {
      addBatched(speeds, Commands.run(Map.of(), Commands.line(batched, "-m", decoder, "-t", threads, "-tb", threads, "-c", 4096, "-b", 2048, "-ub", 512,
          "-npp", 128, "-ntg", 96, "-npl", "4,8,16")));
    }
    return speeds;
  }

  // Rows of its table:  |  PP |  TG |  B |  N_KV |  T_PP s | S_PP t/s | T_TG s | S_TG t/s | …
  private static void addBatched(Map<String, Double> speeds, String output) {
    for (String line : output.split("\n")) {
      List<String> cells = List.of(line.split("\\|", -1)).stream().map(String::strip).toList();
      if (cells.size() > 9 && cells.get(1).equals("128")) {
        speeds.put("decode_b" + cells.get(3) + "_all", Double.parseDouble(cells.get(8)));
      }
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(decoder);
  }
}
