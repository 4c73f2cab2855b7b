package io.gpa4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpa4j.AudioFormatException;
import io.gpa4j.AudioSource;
import io.gpa4j.CancelledException;
import io.gpa4j.CapacityException;
import io.gpa4j.Gpa;
import io.gpa4j.GpaIoException;
import io.gpa4j.Subtitles;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Transcription;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
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
      "Of several files each line begins with the file's name. A file that cannot be heard is told on",
      "standard error, the others are transcribed all the same, and the exit code is 1.",
      "",
      "  gpa asr -m gpa.gguf talk.wav",
      "  gpa asr -m gpa.gguf talks/*.wav > talks.txt",
      "  gpa asr --format srt talk.mp3 > talk.srt",
      "  gpa asr --live                                        from the microphone, until Ctrl-C",
      "  arecord -f S16_LE -r 16000 | gpa asr --live -         from standard input: WAV, or raw 16-bit mono"
    })
final class AsrCommand implements Callable<Integer> {
  /** How a transcription is written. */
  enum Format { TEXT, SRT, VTT, JSON }

  private static final String STDIN = "-";
  private static final int MIN_RATE = 1000;
  private static final int MAX_RATE = 1_000_000;

  @Spec CommandSpec spec;
  @Mixin ModelOptions model;

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
      description = "text: a line a file; srt, vtt: subtitles of one file; json: an object a file, with times in seconds. Default: ${DEFAULT-VALUE}.")
  Format format;

  @Option(names = "--live", description = "Print each segment when it has been said: of the microphone, or of the one FILE.")
  boolean live;

  @Option(names = "--rate", paramLabel = "HZ", defaultValue = "16000", description = "With --live: the rate of raw samples. Default: ${DEFAULT-VALUE}.")
  int rate;

  @Override
  public Integer call() throws IOException {
    check();
    try (Gpa gpa = model.open()) {
      if (live) {
        listen(gpa);
        return ExitCode.OK;
      }
      return transcribe(gpa);
    }
  }

  private void check() {
    if (files.isEmpty() && !live) {
      throw misuse("FILE is missing");
    }
    if (live && (files.size() > 1 || format != Format.TEXT)) {
      throw misuse("--live takes the microphone or one FILE, and prints text");
    }
    if (files.size() > 1 && (format == Format.SRT || format == Format.VTT)) {
      throw misuse("--format " + format.name().toLowerCase(Locale.ROOT) + " takes one FILE");
    }
    if (rate < MIN_RATE || rate > MAX_RATE) {
      throw misuse("--rate is " + rate + ", expected " + MIN_RATE + " to " + MAX_RATE);
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private void listen(Gpa gpa) throws IOException {
    LiveTranscript transcript = new LiveTranscript(spec.commandLine().getOut(), Progress.isTerminal());
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
    return file.toString().equals(STDIN);
  }

  private int transcribe(Gpa gpa) throws IOException {
    List<CompletableFuture<Transcription>> running = new ArrayList<>();
    int code = ExitCode.OK;
    try {
      for (Path file : files) {
        AudioSource audio = isStdin(file) ? AudioSource.of(System.in) : AudioSource.of(file);
        running.add(gpa.transcribeAsync(audio, TranscribeOptions.defaults()));
      }
      for (int i = 0; i < files.size(); i++) {
        try {
          print(files.get(i), running.get(i).get());
        } catch (ExecutionException e) {
          code = failed(e.getCause());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new CancelledException("interrupted");
        }
      }
    } finally {
      running.forEach(future -> future.cancel(true));
    }
    return code;
  }

  private int failed(Throwable cause) {
    boolean ofTheFile = cause instanceof AudioFormatException || cause instanceof GpaIoException || cause instanceof CapacityException;
    if (files.size() > 1 && ofTheFile) {
      spec.commandLine().getErr().println("gpa: " + Errors.oneLine(cause));
      return ExitCode.SOFTWARE;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) cause;
  }

  private void print(Path file, Transcription heard) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    switch (format) {
      case TEXT -> out.println(files.size() == 1 ? plain(heard.text()) : file + ": " + plain(heard.text()));
      case SRT -> out.print(Subtitles.of(heard).srt());
      case VTT -> out.print(Subtitles.of(heard).vtt());
      case JSON -> out.println(json(file, heard));
    }
    out.flush();
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
