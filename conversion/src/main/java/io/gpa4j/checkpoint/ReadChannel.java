package io.gpa4j.checkpoint;

import io.gpa4j.CancelledException;
import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file read at given positions by any thread, through one small buffer per thread: what is read never stays in memory. */
final class ReadChannel implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final ThreadLocal<ByteBuffer> BUFFERS =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN));

  private final Path path;
  private final FileChannel channel;
  private final long size;

  private ReadChannel(Path path, FileChannel channel, long size) {
    this.path = path;
    this.channel = channel;
    this.size = size;
  }

  static ReadChannel open(Path path) {
    try {
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      try {
        return new ReadChannel(path, channel, channel.size());
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (ClosedByInterruptException e) {
      throw new CancelledException(path + ": reading was interrupted");
    } catch (IOException e) {
      throw new GpaIoException(path + ": cannot be read: " + e, e);
    }
  }

  Path path() {
    return path;
  }

  long size() {
    return size;
  }

  /** Length bytes from a position on. */
  byte[] bytes(long position, int length) {
    byte[] bytes = new byte[length];
    fill(ByteBuffer.wrap(bytes), position);
    return bytes;
  }

  /** Decodes count elements that begin at a position. */
  void floats(long position, StoredType type, int count, float[] into, int at) {
    ByteBuffer buffer = BUFFERS.get();
    int step = BUFFER_BYTES / type.blockBytes() * type.blockElements();
    for (int done = 0; done < count; done += step) {
      int now = Math.min(step, count - done);
      buffer.clear().limit(Math.toIntExact(type.bytes(now)));
      fill(buffer, position + type.bytes(done));
      buffer.flip();
      type.decode(buffer, into, at + done, now);
    }
  }

  /** Fills what remains of a buffer from a position on. */
  void fill(ByteBuffer buffer, long position) {
    try {
      long next = position;
      while (buffer.hasRemaining()) {
        int got = channel.read(buffer, next);
        if (got < 0) {
          throw new ModelFormatException(path + ": ends at byte " + next + "; the file is cut off");
        }
        next += got;
      }
    } catch (ClosedByInterruptException e) {
      throw new CancelledException(path + ": reading was interrupted");
    } catch (IOException e) {
      throw new GpaIoException(path + ": cannot be read: " + e, e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new GpaIoException(path + ": cannot be closed: " + e, e);
    }
  }
}
