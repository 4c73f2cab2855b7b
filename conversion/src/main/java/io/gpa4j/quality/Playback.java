package io.gpa4j.quality;

import java.util.ArrayList;
import java.util.List;

/**
 * A player of a stream, simulated: it begins some time after the first chunk has come, plays what is there, and stands still where the next
 * sample is not. Not thread-safe.
 */
public final class Playback {
  private final double delaySeconds;
  private final int sampleRate;
  private final List<Double> gaps = new ArrayList<>();
  private double playedUntil = Double.NaN;

  /**
   * A player that has played nothing.
   *
   * @param delaySeconds how long after the first chunk it begins
   * @param sampleRate samples it plays per second
   */
  public Playback(double delaySeconds, int sampleRate) {
    this.delaySeconds = delaySeconds;
    this.sampleRate = sampleRate;
  }

  /**
   * A chunk has come.
   *
   * @param seconds when, not before the chunk before it
   * @param samples how many
   */
  public void chunk(double seconds, int samples) {
    if (Double.isNaN(playedUntil)) {
      playedUntil = seconds + delaySeconds;
    } else if (seconds > playedUntil) {
      gaps.add(seconds - playedUntil);
      playedUntil = seconds;
    }
    playedUntil += (double) samples / sampleRate;
  }

  /**
   * Whether it never stood still.
   *
   * @return true also where nothing came
   */
  public boolean isContinuous() {
    return gaps.isEmpty();
  }

  /**
   * The longest time it stood still.
   *
   * @return seconds, 0 if it never did
   */
  public double longestGapSeconds() {
    return gaps.stream().mapToDouble(Double::doubleValue).max().orElse(0);
  }
}
