package io.gpa4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.Subtitles;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Transcription;
import io.gpa4j.report.ResultFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import javax.sound.sampled.AudioInputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Prints what recordings, or people, say. */
@Command(name = "asr", description = {"Transcribe recordings of any length, or what is being said.", ""},
    footer = {
      "",
      "Of several files each line begins with the file's name. They are heard many at a time and printed in",
      "their order. A file that cannot be heard is told on standard error, the others are transcribed all the",
      "same, and the exit code is 1.",
      "",
      "  gpa asr -m gpa.gguf talk.wav",
      "  gpa asr -m gpa.gguf talks/*.wav > talks.txt",
      "  gpa asr --format srt talk.mp3 > talk.srt",
      "  gpa asr --format srt talks/*.mp3 -o subtitles/        a file each: talk.srt, …",
      "  gpa asr --live                                        from the microphone, until Ctrl-C",
      "  arecord -f S16_LE -r 16000 | gpa asr --live -         from standard input: WAV, or raw 16-bit mono"
    })
final class AsrCommand implements Callable<Integer> {
  /** How a transcription is written. */
  enum Format {
    TEXT(".txt"), SRT(".srt"), VTT(".vtt"), JSON(".json");

    private final String ending;

    Format(String ending) {
      this.ending = ending;
    }
  }

  private static final int MIN_RATE = 1000;
  private static final int MAX_RATE = 1_000_000;

  @Spec CommandSpec spec;
  @Mixin ModelOptions model;
  @Mixin BatchOptions batch;

  private List<Path> files = List.of();

  @Parameters(arity = "0..*", paramLabel = "FILE", description = "Audio of any usual format and rate, mono or more channels; - is standard input.")
  void files(List<String> names) {
    try {
      files = names.stream().map(Values::path).toList();
    } catch (TypeConversionException e) {
      throw misuse("FILE: " + e.getMessage());
    }
  }

  @Option(names = {"-f", "--format"}, paramLabel = "text|srt|vtt|json", defaultValue = "text",
      description = "text: a line a file; srt, vtt: subtitles; json: an object a file, with times in seconds. Default: ${DEFAULT-VALUE}.")
  Format format;

  @Option(names = {"-o", "--output"}, paramLabel = "FILE|DIR",
      description = "Write there in place of printing: one FILE's to a file, that of several to a folder, a file each.")
  Path output;

  @Option(names = "--live", description = "Print each segment when it has been said: of the microphone, or of the one FILE.")
  boolean live;

  @Option(names = "--rate", paramLabel = "HZ", defaultValue = "16000", description = "With --live: the rate of raw samples. Default: ${DEFAULT-VALUE}.")
  int rate;

  @Override
  public Integer call() throws IOException {
    check();
    if (!live) {
      return transcribe();
    }
    try (Gpa gpa = model.open()) {
      listen(gpa);
    }
    return ExitCode.OK;
  }

  private void check() {
    if (files.isEmpty() && !live) {
      throw misuse("FILE is missing");
    }
    if (live && (files.size() > 1 || format != Format.TEXT || output != null)) {
      throw misuse("--live takes the microphone or one FILE, and prints text");
    }
    if (files.size() > 1 && output == null && (format == Format.SRT || format == Format.VTT)) {
      throw misuse("--format " + format.name().toLowerCase(Locale.ROOT) + " takes one FILE, or several and --output DIR");
    }
    if (rate < MIN_RATE || rate > MAX_RATE) {
      throw misuse("--rate is " + rate + ", expected " + MIN_RATE + " to " + MAX_RATE);
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private void listen(Gpa gpa) throws IOException {
    LiveTranscript transcript = new LiveTranscript(spec.commandLine().getOut(), Terminal.isInteractive());
    if (files.isEmpty()) {
      try (AudioInputStream microphone = SoundCard.microphone()) {
        transcript.print(gpa, microphone);
      }
    } else if (isStdin(files.get(0))) {
      transcript.print(gpa, LiveTranscript.open(System.in, rate));
    } else {
      try (AudioInputStream audio = LiveTranscript.open(Files.newInputStream(ModelOptions.checkFile(files.get(0), "audio file")), rate)) {
        transcript.print(gpa, audio);
      }
    }
  }

  private static boolean isStdin(Path file) {
    return file.equals(Outputs.STDIN);
  }

  private int transcribe() throws IOException {
    List<Path> targets = output == null ? List.of() : Outputs.of(spec, output, files, format.ending, model.path());
    try (Gpa gpa = model.open()) {
      return Batch.run(files, spec.commandLine(), batch.quiet,
          (i, progress) -> {
            AudioSource audio = isStdin(files.get(i)) ? AudioSource.of(System.in) : AudioSource.of(files.get(i));
            return gpa.transcribeAsync(audio, TranscribeOptions.defaults().withProgress(progress));
          },
          (i, heard) -> {
            String text = written(files.get(i), heard);
            if (output == null) {
              return text;
            }
            ResultFile.replace(Outputs.ready(targets.get(i)), file -> Files.writeString(file, text));
            return "";
          });
    }
  }

  private String written(Path file, Transcription heard) throws IOException {
    return switch (format) {
      case TEXT -> (files.size() == 1 || output != null ? "" : file + ": ") + plain(heard.text()) + System.lineSeparator();
      case SRT -> Subtitles.of(heard).srt();
      case VTT -> Subtitles.of(heard).vtt();
      case JSON -> json(file, heard) + System.lineSeparator();
    };
  }

  private static String json(Path file, Transcription heard) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode object = mapper.createObjectNode().put("file", file.toString()).put("text", heard.text());
    for (Transcription.Segment segment : heard.segments()) {
      object.withArray("segments").addObject().put("start", segment.start().toMillis() / 1e3).put("end", segment.end().toMillis() / 1e3)
          .put("text", segment.text());
    }
    return mapper.writeValueAsString(object);
  }

  // A line is a file's text, and a terminal obeys control characters.
  static String plain(String text) {
    return text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ").strip();
  }
}
