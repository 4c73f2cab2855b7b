package io.gpa4j.tests.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Makes inputs of other inputs: the same ones for the same seed, sources and order of calls. */
final class Mutator {
  private static final int MAX_BYTES = 1 << 15;
  private static final long[] LENGTHS = {
    0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256, 1000, 4096, 32_767, 32_768, 65_535, 65_536, 1 << 20, 1 << 24, 1 << 30,
    Integer.MAX_VALUE - 8, Integer.MAX_VALUE, 1L << 31, 0xFFFF_FFF0L, 0xFFFF_FFFFL, 1L << 32, 1L << 40, 1L << 53, 1L << 62, Long.MAX_VALUE - 1,
    Long.MAX_VALUE, Long.MIN_VALUE, -1, -2, -8, -128, -129, -32_768
  };
  private static final String[] NUMBERS = {
    "0", "-1", "1", "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e308", "1e400",
    "-1e999", "1e-400", "0.5", "NaN", "Infinity", ".nan", ".inf", "0x7fffffff", "1e2147483647", "00000000001", "99999999999999999999999999999999999999"
  };

  private final List<byte[]> sources;
  private final List<byte[]> words;
  private final SplittableRandom random;

  Mutator(List<byte[]> seeds, List<String> words, long seed) {
    this.sources = new ArrayList<>(seeds);
    this.words = words.stream().map(Target::utf8).toList();
    this.random = new SplittableRandom(seed);
  }

  /** Inputs to make others of. */
  int sources() {
    return sources.size();
  }

  /** Makes others of this input, too. */
  void keep(byte[] input) {
    sources.add(input);
  }

  /** The next input, one to a few changes away from a source. */
  byte[] next() {
    byte[] input = source();
    for (int changes = 1 << random.nextInt(4); changes > 0; changes--) {
      input = changed(input);
    }
    return input;
  }

  private byte[] source() {
    return sources.get(random.nextInt(sources.size()));
  }

  private byte[] changed(byte[] in) {
    if (in.length == 0) {
      return word();
    }
    int at = random.nextInt(in.length);
    return switch (random.nextInt(15)) {
      case 0 -> with(in, at, (byte) (in[at] ^ 1 << random.nextInt(8)));
      case 1 -> with(in, at, (byte) random.nextInt());
      case 2 -> with(in, at, (byte) (in[at] + random.nextInt(-4, 5)));
      case 3 -> withNumber(in, at);
      case 4 -> Arrays.copyOf(in, at);
      case 5 -> replaced(in, at, block(in, at), new byte[0]);
      case 6 -> replaced(in, at, 0, slice(in, random.nextInt(in.length)));
      case 7 -> replaced(in, at, 0, word());
      case 8 -> replaced(in, at, block(in, at), word());
      case 9 -> replaced(in, at, 0, repeated(random.nextBoolean() ? word() : slice(in, at)));
      case 10, 11 -> withDecimal(in, at);
      case 12 -> spliced(in, at);
      case 13 -> replaced(in, at, block(in, at), slice(in, random.nextInt(in.length)));
      default -> Arrays.copyOf(in, Math.min(MAX_BYTES, in.length + random.nextInt(1, 64)));
    };
  }

  private byte[] word() {
    return words.isEmpty() ? new byte[] {(byte) random.nextInt()} : words.get(random.nextInt(words.size()));
  }

  /** A length for a block: mostly short. */
  private int block(byte[] in, int at) {
    return Math.min(in.length - at, 1 + random.nextInt(1 << random.nextInt(1, 10)));
  }

  private byte[] slice(byte[] in, int from) {
    return Arrays.copyOfRange(in, from, from + block(in, from));
  }

  private byte[] repeated(byte[] piece) {
    int times = Math.min(MAX_BYTES / Math.max(1, piece.length), 1 << random.nextInt(15));
    byte[] all = new byte[piece.length * times];
    for (int i = 0; i < times; i++) {
      System.arraycopy(piece, 0, all, i * piece.length, piece.length);
    }
    return all;
  }

  private byte[] withNumber(byte[] in, int at) {
    byte[] out = in.clone();
    long value = LENGTHS[random.nextInt(LENGTHS.length)];
    int size = 1 << random.nextInt(4);
    boolean little = random.nextInt(3) > 0;
    for (int i = 0; i < size && at + i < out.length; i++) {
      out[at + i] = (byte) (value >>> 8 * (little ? i : size - 1 - i));
    }
    return out;
  }

  /** Another number in place of the first decimal one behind a position; without one, one more. */
  private byte[] withDecimal(byte[] in, int at) {
    int begin = at;
    while (begin < in.length && (in[begin] < '0' || in[begin] > '9')) {
      begin++;
    }
    int end = begin;
    while (end < in.length && in[end] >= '0' && in[end] <= '9') {
      end++;
    }
    String number = random.nextInt(4) == 0 ? String.valueOf(random.nextInt(-3, 70)) : NUMBERS[random.nextInt(NUMBERS.length)];
    return replaced(in, begin == in.length ? at : begin, end - begin, number.getBytes(StandardCharsets.US_ASCII));
  }

  private byte[] spliced(byte[] in, int at) {
    byte[] other = source();
    int from = other.length == 0 ? 0 : random.nextInt(other.length);
    return replaced(in, at, in.length - at, Arrays.copyOfRange(other, from, other.length));
  }

  private static byte[] with(byte[] in, int at, byte value) {
    byte[] out = in.clone();
    out[at] = value;
    return out;
  }

  private static byte[] replaced(byte[] in, int at, int length, byte[] by) {
    byte[] out = new byte[in.length - length + by.length];
    System.arraycopy(in, 0, out, 0, at);
    System.arraycopy(by, 0, out, at, by.length);
    System.arraycopy(in, at + length, out, at + by.length, in.length - at - length);
    return out.length <= MAX_BYTES ? out : Arrays.copyOf(out, MAX_BYTES);
  }
}
