package io.gpa4j.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.util.Objects;

/** Chunks of a queue as bytes: 16-bit PCM, after a WAV header if wanted. */
public final class StreamReader extends InputStream {
  private final ChunkQueue queue;
  private byte[] bytes;
  private int length;
  private int at;
  private boolean over;

  public StreamReader(ChunkQueue queue, boolean wav, int rate) {
    this.queue = queue;
    this.bytes = wav ? WavWriter.header(WavWriter.UNKNOWN_BYTES, rate) : new byte[0];
    this.length = bytes.length;
  }

  @Override
  public int read() throws IOException {
    return fill() ? bytes[at++] & 0xFF : -1;
  }

  @Override
  public int read(byte[] target, int offset, int wanted) throws IOException {
    Objects.checkFromIndexSize(offset, wanted, target.length);
    if (wanted == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(wanted, length - at);
    System.arraycopy(bytes, at, target, offset, count);
    at += count;
    return count;
  }

  @Override
  public int available() {
    return length - at;
  }

  // Whether a byte is there, which is waited for.
  private boolean fill() throws IOException {
    while (at == length && !over) {
      ChunkQueue.Item item;
      try {
        item = queue.take();
      } catch (RuntimeException e) {
        throw new IOException(e.getMessage(), e);
      }
      over = item.samples() == null;
      if (!over) {
        length = 2 * item.count();
        bytes = bytes.length < length ? new byte[length] : bytes;
        WavWriter.pcm16(FloatBuffer.wrap(item.samples(), 0, item.count()), bytes, 0);
        queue.recycle(item);
        at = 0;
      }
    }
    return at < length;
  }

  @Override
  public void close() {
    queue.close();
  }
}
