package io.gpa4j.internal;

/** Takes audio at 16 kHz, block by block: the first channel and, unless it is mono, the mean of the channels. */
public interface Planes {
  /** About how many samples will come in all, where that is known; called before they come, if at all. */
  default void expect(long samples) {}

  /** Takes the first count samples of each plane; the arrays are the caller's again afterwards. */
  void accept(float[][] planes, int count);
}
