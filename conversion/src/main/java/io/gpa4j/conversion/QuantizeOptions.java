package io.gpa4j.conversion;

import java.util.Objects;

/**
 * How the weights of a model file change their types.
 *
 * @param types the new types
 * @param requantize whether weights that are quantised already may be quantised again, which adds the errors of both
 * @param threads threads that convert, 1 to 64
 */
public record QuantizeOptions(WeightTypes types, boolean requantize, int threads) {
  /** Checks the threads. */
  public QuantizeOptions {
    Objects.requireNonNull(types, "types");
    ConversionOptions.checkThreads(threads);
  }

  /** Not from quantised weights, a thread per core but no more than 16. */
  public static QuantizeOptions of(WeightTypes types) {
    return new QuantizeOptions(types, false, ConversionOptions.defaultThreads());
  }

  /** These options, for quantised weights too. */
  public QuantizeOptions withRequantize(boolean allowed) {
    return new QuantizeOptions(types, allowed, threads);
  }

  /** These options with another number of threads. */
  public QuantizeOptions withThreads(int count) {
    return new QuantizeOptions(types, requantize, count);
  }
}
