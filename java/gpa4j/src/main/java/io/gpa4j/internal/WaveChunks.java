package io.gpa4j.internal;

import io.gpa4j.AudioFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The chunks of a WAV file, looked at before FFmpeg does: it takes a chunk's length for true, and works through bytes that are not there. */
final class WaveChunks {
  private static final int HEAD_BYTES = 12;
  private static final int CHUNK_HEAD_BYTES = 8;
  private static final int MAX_CHUNKS = 1000;

  private WaveChunks() {}

  /** Refuses a WAV file with a chunk before its sound that ends behind the file; other files pass. */
  static void check(Path file, String name) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer head = read(channel, 0, HEAD_BYTES);
      String magic = new String(head.array(), 0, head.limit(), StandardCharsets.ISO_8859_1);
      if (!magic.matches("(?s)(RIFF|RIFX|RF64|BW64).{4}WAVE")) {
        return;
      }
      walk(channel, magic.startsWith("RIFX") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN, name);
    }
  }

  private static void walk(FileChannel channel, ByteOrder order, String name) throws IOException {
    long position = HEAD_BYTES;
    for (int chunks = 0; ; chunks++) {
      ByteBuffer head = read(channel, position, CHUNK_HEAD_BYTES).order(order);
      if (head.limit() < CHUNK_HEAD_BYTES) {
        return;
      }
      String id = new String(head.array(), 0, 4, StandardCharsets.ISO_8859_1);
      if (id.equals("data")) {
        return;
      }
      long length = Integer.toUnsignedLong(head.getInt(4));
      position += CHUNK_HEAD_BYTES + length + length % 2;
      if (position > channel.size() + 1 || chunks == MAX_CHUNKS) {
        throw new AudioFormatException(name + ": the audio header cannot be read: "
            + (chunks == MAX_CHUNKS ? "it has more than " + MAX_CHUNKS + " chunks" : "chunk '" + id + "' claims " + length + " bytes and ends behind the file"));
      }
    }
  }

  private static ByteBuffer read(FileChannel channel, long position, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) > 0) {
      // Until it is full or the file ends.
    }
    return buffer.flip();
  }
}
