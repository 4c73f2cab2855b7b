package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import java.util.Objects;

/**
 * How a checkpoint is converted.
 *
 * @param type type of the weight matrices: F32, F16 or BF16
 * @param decoderType type of the decoder's, if another; null: as type
 * @param name model name of the card; null: the checkpoint's
 * @param license licence of the card; null: what the checkpoint's README.md says, else "unknown"
 * @param source where the checkpoint comes from; null: the checkpoint's name
 * @param threads threads that convert, 1 to 64
 */
public record ConversionOptions(ElementType type, ElementType decoderType, String name, String license, String source, int threads) {
  private static final int MAX_THREADS = 64;
  // Each has its blocks in memory, and more do not make disks faster.
  private static final int MOST_USEFUL_THREADS = 16;

  /** Checks types and threads. */
  public ConversionOptions {
    check(Objects.requireNonNull(type, "type"));
    decoderType = decoderType == null ? type : decoderType;
    check(decoderType);
    if (threads < 1 || threads > MAX_THREADS) {
      throw new IllegalArgumentException("threads is " + threads + ", expected 1 to " + MAX_THREADS);
    }
  }

  private static void check(ElementType type) {
    if (type == ElementType.I32) {
      throw new IllegalArgumentException("weights cannot be " + type + "; choose F32, F16 or BF16");
    }
  }

  /** Weights of one type, the card as the checkpoint says, a thread per core but no more than 16. */
  public static ConversionOptions of(ElementType type) {
    int threads = Math.max(1, Math.min(MOST_USEFUL_THREADS, Runtime.getRuntime().availableProcessors()));
    return new ConversionOptions(type, null, null, null, null, threads);
  }

  /** These options with another type for the decoder. */
  public ConversionOptions withDecoderType(ElementType other) {
    return new ConversionOptions(type, other, name, license, source, threads);
  }

  /** These options with another model card; null leaves the default. */
  public ConversionOptions withCard(String otherName, String otherLicense, String otherSource) {
    return new ConversionOptions(type, decoderType, otherName, otherLicense, otherSource, threads);
  }

  /** These options with another number of threads. */
  public ConversionOptions withThreads(int count) {
    return new ConversionOptions(type, decoderType, name, license, source, count);
  }
}
