package io.gpa4j.cli;

import io.gpa4j.Gpa;
import io.gpa4j.Sampling;
import io.gpa4j.SpeechOptions;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How speech tokens are drawn; what is not given keeps the model's default. */
final class SamplingOptions {
  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = "--seed", paramLabel = "N", description = "Seed of the draws: the same one gives the same speech. Default: another one each time.")
  Long seed;

  private Float temperature;
  private Integer topK;
  private Float topP;
  private Float repetitionPenalty;
  private int maxTokens;

  @Option(names = "--temperature", paramLabel = "T", description = "Sharpens below 1, flattens above; 0 takes the best token always. Default: the model's, usually 0.2.")
  void temperature(float value) {
    temperature = checked(value, "--temperature", () -> new Sampling(value, 0, 1, 1));
  }

  @Option(names = "--top-k", paramLabel = "K", description = "Draw from the K best tokens; 0: all. Default: the model's, usually 50.")
  void topK(int value) {
    topK = checked(value, "--top-k", () -> new Sampling(1, value, 1, 1));
  }

  @Option(names = "--top-p", paramLabel = "P", description = "Draw from the smallest set of this mass, above 0 and at most 1. Default: the model's, usually 1.")
  void topP(float value) {
    topP = checked(value, "--top-p", () -> new Sampling(1, 0, value, 1));
  }

  @Option(names = "--repetition-penalty", paramLabel = "R",
      description = "Divides the scores of tokens said before; 1: off. Default: the model's, usually 1.2.")
  void repetitionPenalty(float value) {
    repetitionPenalty = checked(value, "--repetition-penalty", () -> new Sampling(1, 0, 1, value));
  }

  @Option(names = "--max-tokens", paramLabel = "N", description = "Longest answer, 50 tokens a second; 0, the default: what fits the model's context.")
  void maxTokens(int value) {
    maxTokens = checked(value, "--max-tokens", () -> SpeechOptions.builder().maxTokens(value));
  }

  // The library knows the ranges; its messages begin with its own name of the value.
  private <T> T checked(T value, String option, Supplier<?> use) {
    try {
      use.get();
      return value;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage().replaceFirst("^\\w+", option));
    }
  }

  SpeechOptions over(Gpa gpa) {
    Sampling model = gpa.speechSampling();
    SpeechOptions.Builder builder =
        SpeechOptions.builder()
            .maxTokens(maxTokens)
            .sampling(
                new Sampling(
                    temperature != null ? temperature : model.temperature(),
                    topK != null ? topK : model.topK(),
                    topP != null ? topP : model.topP(),
                    repetitionPenalty != null ? repetitionPenalty : model.repetitionPenalty()));
    return (seed != null ? builder.seed(seed) : builder).build();
  }
}
