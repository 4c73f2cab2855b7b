package io.gpa4j.benchmark;

import io.gpa4j.GenerateOptions;
import io.gpa4j.GenerateOptions.Allowed;
import io.gpa4j.Generation;
import io.gpa4j.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The bare decoder: prompts of 128 tokens and answers of at most 96, several at once. */
public class GenerateBenchmark {
  /** How many, and which tokens may be answered. */
  @State(Scope.Benchmark)
  public static class Batch {
    /** Requests at once. */
    @Param({"1", "4", "8", "16"})
    public int sequences;

    /** The head. */
    @Param({"ALL", "SEMANTIC"})
    public Allowed allowed;

    final int[] prompt = BenchmarkModel.prompt(128);
  }

  /** All of them, to the last one's end. */
  @Benchmark
  public int generate(BenchmarkModel model, Batch batch) {
    List<CompletableFuture<Generation>> answers = new ArrayList<>();
    for (int i = 0; i < batch.sequences; i++) {
      answers.add(model.gpa.generateAsync(batch.prompt, GenerateOptions.builder().sampling(new Sampling(0.9f, 50, 1, 1)).seed(i + 1L)
          .allowed(batch.allowed).maxTokens(96).build()));
    }
    return answers.stream().mapToInt(answer -> answer.join().ids().length).sum();
  }
}
