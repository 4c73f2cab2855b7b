package io.gpa4j.cli;

import io.gpa4j.Gpa;
import io.gpa4j.Sampling;
import io.gpa4j.SpeechOptions;
import picocli.CommandLine.Option;

/** How speech tokens are drawn; what is not given keeps the model's default. */
final class SamplingOptions {
  @Option(names = "--seed", paramLabel = "N", description = "Seed of the draws. Default: another one each time.")
  Long seed;

  @Option(names = "--temperature", paramLabel = "T", description = "0 takes the best token always.")
  Float temperature;

  @Option(names = "--top-k", paramLabel = "K", description = "Draw from the K best tokens; 0: all.")
  Integer topK;

  @Option(names = "--top-p", paramLabel = "P", description = "Draw from the smallest set of this mass, (0, 1].")
  Float topP;

  @Option(names = "--repetition-penalty", paramLabel = "R", description = "Divides the scores of tokens said before; 1: off.")
  Float repetitionPenalty;

  @Option(names = "--max-tokens", paramLabel = "N", description = "Longest answer, 50 tokens a second; 0: what fits.")
  int maxTokens;

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
