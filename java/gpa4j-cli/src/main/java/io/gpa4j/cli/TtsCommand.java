package io.gpa4j.cli;

import io.gpa4j.Gpa;
import io.gpa4j.GpaIoException;
import io.gpa4j.SpeechOptions;
import io.gpa4j.SpeechStream;
import io.gpa4j.TextSplitting;
import io.gpa4j.Voice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.IllformedLocaleException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import javax.sound.sampled.SourceDataLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
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
      "Several text files are spoken many at a time. One that cannot be is told on standard error, the others",
      "are spoken all the same, and the exit code is 1.",
      "",
      "  gpa tts -m gpa.gguf \"Hello\" --voice anna.voice -o hello.wav",
      "  gpa tts --voice anna.voice --text-file book.txt --stream -o book.wav    can be played while it grows",
      "  gpa tts --voice anna.voice --text-file chapters/*.txt -o book/          a file each: 1.wav, …",
      "  gpa tts --voice anna.voice \"Hello\" --play                             heard while it is made",
      "  gpa tts --voice anna.voice \"Hello\" --stream -o - | aplay",
      "  gpa tts --voice anna.wav -o minus.wav -- \"-1 is a number\"       text that begins with -"
    })
final class TtsCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions model;
  @Mixin SamplingOptions sampling;
  @Mixin BatchOptions batch;

  @Parameters(arity = "0..1", paramLabel = "TEXT", description = "What to say. Special tokens in it are plain characters.")
  String text;

  @Option(names = "--text-file", arity = "1..*", paramLabel = "FILE",
      description = "Files of UTF-8 text to say in place of TEXT; - is standard input.")
  List<Path> textFiles = List.of();

  private Locale language = Locale.ROOT;

  @Option(names = "--language", paramLabel = "TAG",
      description = "The text's language, as en or de: tells its abbreviations from ends of sentences. Default: English, German, French, Spanish together.")
  void language(String tag) {
    try {
      language = new Locale.Builder().setLanguageTag(tag).build();
    } catch (IllformedLocaleException e) {
      throw misuse("--language is '" + tag + "', expected a tag such as en or de-AT");
    }
  }

  @Option(names = {"-v", "--voice"}, required = true, paramLabel = "FILE",
      description = "A .voice file, or a clip of the voice (its first 6 s count).")
  Path voice;

  @Option(names = {"-o", "--output"}, paramLabel = "WAV|DIR",
      description = "File to write or replace: 16 kHz mono PCM16; of several text files, their folder. With --stream, - is standard output.")
  Path output;

  @Option(names = "--stream", description = "Write speech while it is made; the file can be played while it grows.")
  boolean stream;

  @Option(names = "--play", description = "Play speech on the sound card while it is made, in place of writing it.")
  boolean play;

  @Override
  public Integer call() throws IOException {
    check();
    ModelOptions.checkVoice(voice);
    return play || stream ? stream() : speak();
  }

  private void check() {
    if ((text == null) == textFiles.isEmpty()) {
      throw misuse(text == null ? "TEXT is missing" : "TEXT and --text-file exclude each other");
    }
    if (text != null && text.isBlank()) {
      throw misuse("TEXT is blank, there is nothing to say");
    }
    if (play == (output != null)) {
      throw misuse(play ? "--play and --output exclude each other" : "--output WAV is missing");
    }
    if ((play || stream) && textFiles.size() > 1) {
      throw misuse((play ? "--play" : "--stream") + " takes one --text-file");
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private int stream() throws IOException {
    String words = text != null ? text : read(textFiles.get(0));
    if (output != null && !output.equals(StreamedWav.STDOUT)) {
      Outputs.check(spec, output, voice, model.path());
    }
    try (SourceDataLine line = play ? SoundCard.loudspeaker() : null; Gpa gpa = model.open()) {
      Voice speaker = ModelOptions.voice(gpa, voice);
      try (SpeechStream speech = gpa.speakStream(words, speaker, options(gpa))) {
        if (play) {
          SoundCard.play(speech, line);
        } else {
          StreamedWav.write(speech, output);
        }
      }
    }
    return ExitCode.OK;
  }

  private int speak() throws IOException {
    List<Path> sources = text == null ? textFiles : List.of(Path.of("speech"));
    List<Path> targets = targets();
    String alone = text != null ? text : textFiles.size() == 1 ? read(textFiles.get(0)) : null;
    try (Gpa gpa = model.open()) {
      Voice speaker = ModelOptions.voice(gpa, voice);
      SpeechOptions options = options(gpa);
      return Batch.run(sources, spec.commandLine(), batch.quiet,
          (i, progress) -> gpa.speakAsync(alone != null ? alone : read(textFiles.get(i)), speaker, options.withProgress(progress)),
          (i, speech) -> Outputs.write(speech, targets.get(i)));
    }
  }

  private SpeechOptions options(Gpa gpa) {
    return sampling.over(gpa).toBuilder().splitting(TextSplitting.defaults().withLocale(language)).build();
  }

  private List<Path> targets() {
    if (text == null) {
      return Outputs.of(spec, output, textFiles, ".wav", voice, model.path());
    }
    Outputs.check(spec, output, voice, model.path());
    return List.of(output);
  }

  private static String read(Path file) throws IOException {
    byte[] bytes = file.equals(Outputs.STDIN) ? System.in.readAllBytes() : Files.readAllBytes(ModelOptions.checkFile(file, "text file"));
    String words;
    try {
      words = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new GpaIoException(file + ": is no text in UTF-8", e);
    }
    if (words.isBlank()) {
      throw new GpaIoException(file + ": is blank, there is nothing to say");
    }
    return words;
  }
}
