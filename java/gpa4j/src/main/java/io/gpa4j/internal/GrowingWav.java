package io.gpa4j.internal;

import io.gpa4j.GpaIoException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** WAV files that can be read while they are written. */
public final class GrowingWav {
  private GrowingWav() {}

  /** Writes a queue's chunks to its end. What goes wrong leaves no file, and closes the queue. */
  public static void write(Path path, ChunkQueue queue, int rate) {
    boolean done = false;
    // Streams of the old sort: an interrupt shall end the speech, not the file's channel.
    try (FileOutputStream out = new FileOutputStream(path.toFile())) {
      out.write(WavWriter.header(WavWriter.UNKNOWN_BYTES, rate));
      long bytes = append(out, queue);
      if (bytes < WavWriter.UNKNOWN_BYTES && Files.isRegularFile(path)) {
        writeHeader(path, (int) bytes, rate);
      }
      done = true;
    } catch (IOException e) {
      throw new GpaIoException(path + ": cannot be written: " + AtomicFile.reason(e), e);
    } finally {
      if (!done) {
        queue.close();
        delete(path);
      }
    }
  }

  private static long append(OutputStream out, ChunkQueue queue) throws IOException {
    byte[] pcm = {};
    long bytes = 0;
    for (ChunkQueue.Item item; (item = queue.take()).samples() != null; ) {
      int count = 2 * item.count();
      pcm = pcm.length < count ? new byte[count] : pcm;
      WavWriter.pcm16(FloatBuffer.wrap(item.samples(), 0, item.count()), pcm, 0);
      queue.recycle(item);
      out.write(pcm, 0, count);
      bytes += count;
    }
    return bytes;
  }

  private static void writeHeader(Path path, int bytes, int rate) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(WavWriter.header(bytes, rate));
    }
  }

  private static void delete(Path path) {
    try {
      if (Files.isRegularFile(path)) {
        Files.delete(path);
      }
    } catch (IOException e) {
      // The first failure is the one to tell.
    }
  }
}
