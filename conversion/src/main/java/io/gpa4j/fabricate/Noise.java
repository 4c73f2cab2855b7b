package io.gpa4j.fabricate;

import java.nio.charset.StandardCharsets;

/**
 * Random numbers by position: element i of a stream depends on the stream's key and i alone, so that any range can be made
 * on its own and by any thread.
 *
 * <p>Each number is the sum of the four 16-bit parts of one 64-bit hash (SplitMix64's finalizer; Steele et al. 2014), which is
 * close to normal and never farther than 3.47 deviations from the mean.
 */
final class Noise {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final long EVEN = 0x0000FFFF0000FFFFL;
  /** Deviation and mean of the sum of four uniform 16-bit numbers. */
  private static final double SUM_DEVIATION = Math.sqrt((65536.0 * 65536.0 - 1) / 3);
  private static final int SUM_MEAN = 2 * 65535;

  private Noise() {}

  /** The key of the stream that a seed and a name give. */
  static long key(long seed, String name) {
    long key = mix(seed + GOLDEN);
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      key = mix(key * 31 + b);
    }
    return key;
  }

  /** Writes elements [first, first + count) of a stream, scaled to a mean and a deviation, into into[at…). */
  static void fill(long key, long first, int count, double mean, double deviation, float[] into, int at) {
    float scale = (float) (deviation / SUM_DEVIATION);
    float shift = (float) mean;
    for (int i = 0; i < count; i++) {
      long hash = mix(key + (first + i) * GOLDEN);
      long pairs = (hash & EVEN) + ((hash >>> 16) & EVEN);
      int sum = (int) pairs + (int) (pairs >>> 32);
      into[at + i] = (sum - SUM_MEAN) * scale + shift;
    }
  }

  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }
}
