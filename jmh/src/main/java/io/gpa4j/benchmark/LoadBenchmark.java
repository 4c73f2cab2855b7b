package io.gpa4j.benchmark;

import io.gpa4j.GenerateOptions;
import io.gpa4j.GenerateOptions.Allowed;
import io.gpa4j.Gpa;
import org.openjdk.jmh.annotations.Benchmark;

/** From nothing to the first token: opening a file that is in the page cache, and one token. */
public class LoadBenchmark {
  private static final GenerateOptions ONE_TOKEN = GenerateOptions.builder().maxTokens(1).allowed(Allowed.SEMANTIC).build();

  /** Opens, answers one token, closes. */
  @Benchmark
  public int load() {
    try (Gpa gpa = BenchmarkModel.openModel()) {
      return gpa.generate(BenchmarkModel.prompt(1), ONE_TOKEN).ids().length;
    }
  }
}
