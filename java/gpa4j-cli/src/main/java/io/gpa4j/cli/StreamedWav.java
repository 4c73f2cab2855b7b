package io.gpa4j.cli;

import io.gpa4j.SpeechStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/** Writes speech while it is made: to a WAV file that can be played while it grows, or to standard output. */
final class StreamedWav {
  /** The name that stands for standard output. */
  static final Path STDOUT = Path.of("-");

  private StreamedWav() {}

  static void write(SpeechStream speech, Path output) throws IOException {
    if (!output.equals(STDOUT)) {
      speech.write(output);
      return;
    }
    try (InputStream wav = speech.asInputStream(SpeechStream.Format.WAV)) {
      wav.transferTo(System.out);
      System.out.flush();
    }
  }
}
