package io.gpa4j.internal;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;

/** Mono WAV files of 16-bit PCM. */
public final class WavWriter {
  /** Stands in a header whose file's length is not known yet: players read to the end. */
  public static final int UNKNOWN_BYTES = Integer.MAX_VALUE - 43 & ~1;

  private static final int HEADER_BYTES = 44;
  private static final int BLOCK_SAMPLES = 32_768;

  private WavWriter() {}

  /** Writes header and samples; the buffer is used up. */
  public static void write(OutputStream out, FloatBuffer samples, int rate) throws IOException {
    out.write(header(Math.multiplyExact(samples.remaining(), 2), rate));
    while (samples.hasRemaining()) {
      FloatBuffer block = samples.slice();
      block.limit(Math.min(block.limit(), BLOCK_SAMPLES));
      samples.position(samples.position() + block.limit());
      out.write(pcm16(block));
    }
  }

  /** The header of a file with so many bytes of samples. */
  public static byte[] header(int bytes, int rate) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(HEADER_BYTES - 8 + bytes);
    header.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
    header.putShort((short) 1).putShort((short) 1).putInt(rate).putInt(2 * rate).putShort((short) 2).putShort((short) 16);
    header.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(bytes);
    return header.array();
  }

  /** Little-endian 16-bit samples, rounded, cut at ±1; the buffer is used up. */
  public static byte[] pcm16(FloatBuffer samples) {
    byte[] bytes = new byte[Math.multiplyExact(samples.remaining(), 2)];
    pcm16(samples, bytes, 0);
    return bytes;
  }

  /** Writes such samples into an array, from an index on; the buffer is used up. */
  public static void pcm16(FloatBuffer samples, byte[] target, int at) {
    for (int i = at; samples.hasRemaining(); i += 2) {
      int sample = Math.round(Math.max(-1, Math.min(1, samples.get())) * 32767);
      target[i] = (byte) sample;
      target[i + 1] = (byte) (sample >> 8);
    }
  }
}
