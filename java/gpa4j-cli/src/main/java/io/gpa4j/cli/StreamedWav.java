package io.gpa4j.cli;

import io.gpa4j.SpeechStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes speech while it is made: to a WAV file that can be played while it grows, or to standard output. */
final class StreamedWav {
  /** The name that stands for standard output. */
  static final Path STDOUT = Path.of("-");

  private static final int RIFF_SIZE_AT = 4;
  private static final int DATA_SIZE_AT = 40;
  private static final int HEADER_BYTES = 44;

  private StreamedWav() {}

  static void write(SpeechStream speech, Path output) throws IOException {
    try (InputStream wav = speech.asInputStream(SpeechStream.Format.WAV)) {
      if (output.equals(STDOUT)) {
        wav.transferTo(System.out);
        System.out.flush();
      } else {
        grow(wav, output);
      }
    }
  }

  private static void grow(InputStream wav, Path file) throws IOException {
    boolean done = false;
    try (OutputStream out = Files.newOutputStream(file)) {
      wav.transferTo(out);
      done = true;
    } finally {
      if (!done) {
        Files.deleteIfExists(file);
      }
    }
    setLength(file);
  }

  // The header was written before the length was known.
  private static void setLength(Path file) throws IOException {
    try (RandomAccessFile random = new RandomAccessFile(file.toFile(), "rw")) {
      int bytes = Math.toIntExact(random.length() - HEADER_BYTES);
      writeInt(random, RIFF_SIZE_AT, HEADER_BYTES - 8 + bytes);
      writeInt(random, DATA_SIZE_AT, bytes);
    }
  }

  private static void writeInt(RandomAccessFile file, int at, int value) throws IOException {
    file.seek(at);
    file.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }
}
