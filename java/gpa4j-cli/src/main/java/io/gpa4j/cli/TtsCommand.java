package io.gpa4j.cli;

import io.gpa4j.Gpa;
import io.gpa4j.GpaIoException;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.SpeechStream;
import io.gpa4j.Voice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import javax.sound.sampled.SourceDataLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Speaks a text in a voice. */
@Command(name = "tts", description = {"Speak a text of any length in a voice.", ""},
    footer = {
      "",
      "  gpa tts -m gpa.gguf \"Hello\" --voice anna.voice -o hello.wav",
      "  gpa tts --voice anna.voice --text-file book.txt --stream -o book.wav    can be played while it grows",
      "  gpa tts --voice anna.voice \"Hello\" --play                             heard while it is made",
      "  gpa tts --voice anna.voice \"Hello\" --stream -o - | aplay",
      "  gpa tts --voice anna.wav -o minus.wav -- \"-1 is a number\"       text that begins with -"
    })
final class TtsCommand implements Callable<Integer> {
  private static final Path STDIN = Path.of("-");

  @Spec CommandSpec spec;
  @Mixin ModelOptions model;
  @Mixin SamplingOptions sampling;

  @Parameters(arity = "0..1", paramLabel = "TEXT", description = "What to say. Special tokens in it are plain characters.")
  String text;

  @Option(names = "--text-file", paramLabel = "FILE", description = "A file of UTF-8 text to say in place of TEXT; - is standard input.")
  Path textFile;

  @Option(names = {"-v", "--voice"}, required = true, paramLabel = "FILE",
      description = "A .voice file, or a clip of the voice (its first 6 s count).")
  Path voice;

  @Option(names = {"-o", "--output"}, paramLabel = "WAV",
      description = "File to write or replace: 16 kHz mono PCM16. With --stream, - is standard output.")
  Path output;

  @Option(names = "--stream", description = "Write speech while it is made; the file can be played while it grows.")
  boolean stream;

  @Option(names = "--play", description = "Play speech on the sound card while it is made, in place of writing it.")
  boolean play;

  @Override
  public Integer call() throws IOException {
    check();
    String words = words();
    if (words.isBlank()) {
      throw new ParameterException(spec.commandLine(), "TEXT is blank, there is nothing to say");
    }
    ModelOptions.checkVoice(voice);
    if (output != null && (!stream || !output.equals(StreamedWav.STDOUT))) {
      Outputs.check(spec, output, voice, model.path());
    }
    try (SourceDataLine line = play ? SoundCard.loudspeaker() : null; Gpa gpa = model.open()) {
      Voice speaker = ModelOptions.voice(gpa, voice);
      SpeechOptions options = sampling.over(gpa);
      if (play || stream) {
        try (SpeechStream speech = gpa.speakStream(words, speaker, options)) {
          if (play) {
            SoundCard.play(speech, line);
          } else {
            StreamedWav.write(speech, output);
          }
        }
        return 0;
      }
      try (Speech speech = gpa.speak(words, speaker, options)) {
        speech.write(output);
      }
    }
    return 0;
  }

  private void check() {
    if ((text == null) == (textFile == null)) {
      throw new ParameterException(spec.commandLine(), text == null ? "TEXT is missing" : "TEXT and --text-file exclude each other");
    }
    if (play == (output != null)) {
      throw new ParameterException(spec.commandLine(), play ? "--play and --output exclude each other" : "--output WAV is missing");
    }
  }

  private String words() throws IOException {
    if (text != null) {
      return text;
    }
    byte[] bytes = textFile.equals(STDIN) ? System.in.readAllBytes() : Files.readAllBytes(ModelOptions.checkFile(textFile, "text file"));
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new GpaIoException(textFile + ": is no text in UTF-8", e);
    }
  }
}
