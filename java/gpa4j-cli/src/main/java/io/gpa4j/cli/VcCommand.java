package io.gpa4j.cli;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.SpeechOptions;
import io.gpa4j.SpeechStream;
import io.gpa4j.Voice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says a recording again in another voice. */
@Command(name = "vc", description = {"Say a recording of any length again in another voice.", ""},
    footer = {
      "",
      "Several files are converted many at a time. One that cannot be is told on standard error, the others are",
      "converted all the same, and the exit code is 1.",
      "",
      "  gpa vc -m gpa.gguf talk.wav --voice anna.voice -o anna-talks.wav",
      "  gpa vc -m gpa.gguf talks/*.mp3 --voice anna.voice -o anna/        a file each: talk.wav, …"
    })
final class VcCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions model;
  @Mixin SamplingOptions sampling;
  @Mixin BatchOptions batch;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Recordings: audio of any usual format and rate.")
  List<Path> inputs;

  @Option(names = {"-v", "--voice"}, required = true, paramLabel = "FILE",
      description = "A .voice file, or a clip of the voice (its first 6 s count).")
  Path voice;

  @Option(names = {"-o", "--output"}, required = true, paramLabel = "WAV|DIR",
      description = "File to write or replace: 16 kHz mono PCM16; of several FILEs, their folder. With --stream, - is standard output.")
  Path output;

  @Option(names = "--stream", description = "Write speech while it is made; the file can be played while it grows.")
  boolean stream;

  @Override
  public Integer call() throws IOException {
    if (inputs.size() == 1) {
      ModelOptions.checkFile(inputs.get(0), "audio file");
    } else if (stream) {
      throw new ParameterException(spec.commandLine(), "--stream takes one FILE");
    }
    ModelOptions.checkVoice(voice);
    return stream ? stream() : convert();
  }

  private int stream() throws IOException {
    if (!output.equals(StreamedWav.STDOUT)) {
      Outputs.check(spec, output, inputs.get(0), voice, model.path());
    }
    try (Gpa gpa = model.open()) {
      Voice speaker = ModelOptions.voice(gpa, voice);
      try (SpeechStream speech = gpa.convertStream(AudioSource.of(inputs.get(0)), speaker, sampling.over(gpa))) {
        StreamedWav.write(speech, output);
      }
    }
    return ExitCode.OK;
  }

  private int convert() throws IOException {
    List<Path> targets = Outputs.of(spec, output, inputs, ".wav", voice, model.path());
    try (Gpa gpa = model.open()) {
      Voice speaker = ModelOptions.voice(gpa, voice);
      SpeechOptions options = sampling.over(gpa);
      return Batch.run(inputs, spec.commandLine(), batch.quiet,
          (i, progress) -> gpa.convertAsync(AudioSource.of(inputs.get(i)), speaker, options.withProgress(progress)),
          (i, speech) -> Outputs.write(speech, targets.get(i)));
    }
  }
}
