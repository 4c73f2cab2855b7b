package io.gpa4j.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** WAV files of every sample kind, honest and lying. */
final class Wav {
  /** A sample kind: WAV's format number and bits. */
  enum Kind {
    U8(1, 8), S16(1, 16), S24(1, 24), S32(1, 32), F32(3, 32), F64(3, 64);

    final int format;
    final int bits;

    Kind(int format, int bits) {
      this.format = format;
      this.bits = bits;
    }

    /** How far a sample may be from what was written. */
    float step() {
      return this == F32 || this == F64 ? 1e-7f : (float) Math.scalb(1.0, Math.max(2 - bits, -23));
    }
  }

  private Wav() {}

  /** Interleaved samples as a WAV file. */
  static byte[] bytes(Kind kind, int rate, int channels, float... samples) {
    return bytes(kind, rate, channels, samples.length * kind.bits / 8, samples);
  }

  /** The same with a header that claims another number of data bytes. */
  static byte[] bytes(Kind kind, int rate, int channels, int claimedBytes, float... samples) {
    int sampleBytes = kind.bits / 8;
    ByteBuffer out = ByteBuffer.allocate(44 + samples.length * sampleBytes).order(ByteOrder.LITTLE_ENDIAN);
    out.put(ascii("RIFF")).putInt(36 + claimedBytes).put(ascii("WAVEfmt ")).putInt(16);
    out.putShort((short) kind.format).putShort((short) channels).putInt(rate).putInt(rate * channels * sampleBytes);
    out.putShort((short) (channels * sampleBytes)).putShort((short) kind.bits).put(ascii("data")).putInt(claimedBytes);
    for (float sample : samples) {
      switch (kind) {
        case U8 -> out.put((byte) (Math.round(sample * 127) + 128));
        case S16 -> out.putShort((short) Math.round(sample * 32767));
        case S24 -> {
          int value = Math.round(sample * 8388607);
          out.put((byte) value).put((byte) (value >> 8)).put((byte) (value >> 16));
        }
        case S32 -> out.putInt((int) Math.round(sample * 2147483647.0));
        case F32 -> out.putFloat(sample);
        case F64 -> out.putDouble(sample);
      }
    }
    return out.array();
  }

  /** The same file in the other byte order: RIFX. */
  static byte[] rifx(Kind kind, byte[] wav) {
    byte[] out = wav.clone();
    out[3] = 'X';
    int[][] fields = {{4, 4}, {16, 4}, {20, 2}, {22, 2}, {24, 4}, {28, 4}, {32, 2}, {34, 2}, {40, 4}};
    for (int[] field : fields) {
      reverse(out, field[0], field[1]);
    }
    for (int at = 44; at < out.length; at += kind.bits / 8) {
      reverse(out, at, kind.bits / 8);
    }
    return out;
  }

  private static void reverse(byte[] bytes, int at, int count) {
    for (int i = 0; i < count / 2; i++) {
      byte kept = bytes[at + i];
      bytes[at + i] = bytes[at + count - 1 - i];
      bytes[at + count - 1 - i] = kept;
    }
  }

  static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A sine of amplitude 0.5. */
  static float[] sine(double hertz, int rate, int samples) {
    float[] sine = new float[samples];
    for (int i = 0; i < samples; i++) {
      sine[i] = (float) (0.5 * Math.sin(2 * Math.PI * hertz * i / rate));
    }
    return sine;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
