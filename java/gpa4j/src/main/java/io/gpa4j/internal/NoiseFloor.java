package io.gpa4j.internal;

import java.util.Arrays;

/**
 * The power of the noise in one band, as the minimum of its smoothed power over the last two seconds: speech leaves every band
 * free now and then. Source: Martin 2001, "Noise power spectral density estimation based on optimal smoothing and minimum statistics",
 * with a fixed smoothing and a fixed correction of the minimum's bias.
 */
public final class NoiseFloor {
  private static final int BLOCK_FRAMES = 20;
  private static final int BLOCKS = 10;
  private static final float SMOOTHING = 0.8f;

  private final float least;
  private final float bias;
  private final float[] minima = new float[BLOCKS];
  private float smoothed = -1;
  private float block = Float.MAX_VALUE;
  private int frames;

  /** A floor that is never below least; bias is the mean power of steady noise over the minimum of its smoothed power. */
  public NoiseFloor(float least, float bias) {
    this.least = least;
    this.bias = bias;
    Arrays.fill(minima, Float.MAX_VALUE);
  }

  /** Takes the power of the next frame of 10 ms and gives the floor. */
  public float next(float power) {
    smoothed = smoothed < 0 ? power : SMOOTHING * smoothed + (1 - SMOOTHING) * power;
    block = Math.min(block, smoothed);
    if (++frames % BLOCK_FRAMES == 0) {
      minima[frames / BLOCK_FRAMES % BLOCKS] = block;
      block = Float.MAX_VALUE;
    }
    float minimum = Math.min(block, smoothed);
    for (float each : minima) {
      minimum = Math.min(minimum, each);
    }
    return Math.max(least, bias * minimum);
  }
}
