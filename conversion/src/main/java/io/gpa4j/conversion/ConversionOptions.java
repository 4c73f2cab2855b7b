package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import java.util.Objects;

/**
 * How a checkpoint is converted.
 *
 * @param types types of the weights
 * @param name model name of the card; null: the checkpoint's
 * @param license licence of the card; null: what the checkpoint's README.md says, else "unknown"
 * @param source where the checkpoint comes from; null: the checkpoint's name
 * @param threads threads that convert, 1 to 64
 */
public record ConversionOptions(WeightTypes types, String name, String license, String source, int threads) {
  private static final int MAX_THREADS = 64;
  // Each has its blocks in memory, and more do not make disks faster.
  private static final int MOST_USEFUL_THREADS = 16;

  /** Checks the threads. */
  public ConversionOptions {
    Objects.requireNonNull(types, "types");
    checkThreads(threads);
  }

  static int checkThreads(int threads) {
    if (threads < 1 || threads > MAX_THREADS) {
      throw new IllegalArgumentException("threads is " + threads + ", expected 1 to " + MAX_THREADS);
    }
    return threads;
  }

  /** A thread per core, but no more than 16. */
  static int defaultThreads() {
    return Math.max(1, Math.min(MOST_USEFUL_THREADS, Runtime.getRuntime().availableProcessors()));
  }

  /** Weights of some types, the card as the checkpoint says, a thread per core but no more than 16. */
  public static ConversionOptions of(WeightTypes types) {
    return new ConversionOptions(types, null, null, null, defaultThreads());
  }

  /** Weights by a recipe. */
  public static ConversionOptions of(Recipe recipe) {
    return of(WeightTypes.of(recipe));
  }

  /** Weights by the recipe that is named after a type. */
  public static ConversionOptions of(ElementType type) {
    return of(Recipe.of(type));
  }

  /** These options with another model card; null leaves the default. */
  public ConversionOptions withCard(String otherName, String otherLicense, String otherSource) {
    return new ConversionOptions(types, otherName, otherLicense, otherSource, threads);
  }

  /** These options with another number of threads. */
  public ConversionOptions withThreads(int count) {
    return new ConversionOptions(types, name, license, source, count);
  }
}
