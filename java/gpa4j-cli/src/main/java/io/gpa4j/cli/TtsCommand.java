package io.gpa4j.cli;

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
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Speaks a text in a voice. */
@Command(name = "tts", description = {"Speak a text in a voice.", ""},
    footer = {
      "",
      "  gpa tts -m gpa.gguf \"Hello\" --voice anna.voice -o hello.wav",
      "  gpa tts --voice anna.voice \"Hello\" --stream -o - | aplay             heard while it is made",
      "  gpa tts --voice anna.wav -o minus.wav -- \"-1 is a number\"       text that begins with -"
    })
final class TtsCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions model;
  @Mixin SamplingOptions sampling;

  @Parameters(paramLabel = "TEXT", description = "What to say. Special tokens in it are plain characters.")
  String text;

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
    if (text.isBlank()) {
      throw new ParameterException(spec.commandLine(), "TEXT is blank, there is nothing to say");
    }
    ModelOptions.checkVoice(voice);
    if (!stream || !output.equals(StreamedWav.STDOUT)) {
      Outputs.check(spec, output, voice, model.path());
    }
    try (Gpa gpa = model.open()) {
      Voice speaker = ModelOptions.voice(gpa, voice);
      if (stream) {
        try (SpeechStream speech = gpa.speakStream(text, speaker, sampling.over(gpa))) {
          StreamedWav.write(speech, output);
        }
        return 0;
      }
      try (Speech speech = gpa.speak(text, speaker, sampling.over(gpa))) {
        speech.write(output);
      }
    }
    return 0;
  }
}
