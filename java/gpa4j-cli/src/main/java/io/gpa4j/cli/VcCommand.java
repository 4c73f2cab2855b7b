package io.gpa4j.cli;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.Speech;
import io.gpa4j.SpeechStream;
import io.gpa4j.Voice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says a recording again in another voice. */
@Command(name = "vc", description = {"Say a recording of any length again in another voice.", ""},
    footer = {"", "  gpa vc -m gpa.gguf talk.wav --voice anna.voice -o anna-talks.wav"})
final class VcCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions model;
  @Mixin SamplingOptions sampling;

  @Parameters(paramLabel = "FILE", description = "The recording: audio of any usual format and rate.")
  Path input;

  @Option(names = {"-v", "--voice"}, required = true, paramLabel = "FILE",
      description = "A .voice file, or a clip of the voice (its first 6 s count).")
  Path voice;

  @Option(names = {"-o", "--output"}, required = true, paramLabel = "WAV",
      description = "File to write or replace: 16 kHz mono PCM16. With --stream, - is standard output.")
  Path output;

  @Option(names = "--stream", description = "Write speech while it is made; the file can be played while it grows.")
  boolean stream;

  @Override
  public Integer call() throws IOException {
    ModelOptions.checkFile(input, "audio file");
    ModelOptions.checkVoice(voice);
    if (!stream || !output.equals(StreamedWav.STDOUT)) {
      Outputs.check(spec, output, input, voice, model.path());
    }
    try (Gpa gpa = model.open()) {
      Voice speaker = ModelOptions.voice(gpa, voice);
      if (stream) {
        try (SpeechStream speech = gpa.convertStream(AudioSource.of(input), speaker, sampling.over(gpa))) {
          StreamedWav.write(speech, output);
        }
        return 0;
      }
      try (Speech speech = gpa.convert(AudioSource.of(input), speaker, sampling.over(gpa))) {
        speech.write(output);
      }
    }
    return 0;
  }
}
