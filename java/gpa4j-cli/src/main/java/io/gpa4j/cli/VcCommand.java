package io.gpa4j.cli;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.Speech;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says a recording again in another voice. */
@Command(name = "vc", description = "Say a recording again in another voice.")
final class VcCommand implements Callable<Integer> {
  @Mixin ModelOptions model;
  @Mixin SamplingOptions sampling;

  @Parameters(paramLabel = "FILE", description = "The recording.")
  Path input;

  @Option(names = {"-v", "--voice"}, required = true, paramLabel = "FILE", description = "A .voice file, or a clip of the voice.")
  Path voice;

  @Option(names = {"-o", "--output"}, required = true, paramLabel = "WAV", description = "16 kHz mono PCM16.")
  Path output;

  @Override
  public Integer call() {
    try (Gpa gpa = model.open();
        Speech speech = gpa.convert(AudioSource.of(input), ModelOptions.voice(gpa, voice), sampling.over(gpa))) {
      speech.write(output);
    }
    return 0;
  }
}
