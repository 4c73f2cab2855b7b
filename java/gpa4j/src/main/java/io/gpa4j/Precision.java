package io.gpa4j;

/**
 * How the audio networks (tokenizers and codec) compute with quantised weights. The decoder's activations are always rounded for those;
 * weights of F32, F16 and BF16 are computed with as {@link #EXACT} either way.
 */
public enum Precision {
  /** Activations stay 32-bit floats. */
  EXACT(0),
  /** Activations are rounded to 8-bit integers, 32 channels by one scale: two to three times as fast; docs/quality.md has the error. */
  FAST(1);

  private final int id;

  Precision(int id) {
    this.id = id;
  }

  int id() {
    return id;
  }
}
