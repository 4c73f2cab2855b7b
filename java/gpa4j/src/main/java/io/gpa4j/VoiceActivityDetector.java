package io.gpa4j;

import io.gpa4j.internal.NoiseFloor;
import io.gpa4j.internal.PowerSpectrum;
import java.util.Objects;

/**
 * Tells where somebody speaks, frame by frame of 10 ms, while 16 kHz mono comes in pieces of any length. Every band of the spectrum has
 * its own noise floor, which follows the noise within two seconds; a frame is speech where the bands stand out of theirs, as a
 * likelihood ratio tells. Memory is a few kilobytes, and nothing is allocated per piece. Not thread-safe.
 *
 * <p>Sources: Sohn, Kim and Sung 1999, "A statistical model-based voice activity detection"; Martin 2001 for the floor. What it
 * misses and takes for speech stands in {@code docs/long-audio.md}.
 *
 * <pre>{@code
 * float[] samples = AudioSource.of(Path.of("talk.wav")).samples();
 * List<Boolean> frames = new ArrayList<>();
 * VoiceActivityDetector detector = new VoiceActivityDetector();
 * detector.push(samples, 0, samples.length, speech -> frames.add(speech));
 * }</pre>
 */
public final class VoiceActivityDetector {
  /** Samples of a frame. */
  public static final int FRAME_SAMPLES = 160;

  /** Takes the frames in order. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Takes the next frame.
     *
     * @param speech whether somebody speaks in it
     */
    void frame(boolean speech);
  }

  private static final int WINDOW = 512;
  private static final int BANDS = 16;
  private static final double LOWEST_HERTZ = 120;
  private static final double HIGHEST_HERTZ = 6000;
  // Below this a band is silent, whatever its floor: samples of -80 dB of full scale.
  private static final float SILENT_POWER = 1e-8f * WINDOW * 3 / 8;
  private static final float FLOOR_BIAS = 1.6f;
  private static final float MOST_PER_BAND = 8;
  private static final float BEGIN_SCORE = 0.8f;
  private static final float END_SCORE = 0.4f;
  private static final float SCORE_SMOOTHING = 0.6f;
  private static final int HOLD_FRAMES = 10;

  private final PowerSpectrum spectrum = new PowerSpectrum(WINDOW);
  private final float[] ring = new float[WINDOW];
  private final float[] power = new float[WINDOW / 2];
  private final int[] edges = new int[BANDS + 1];
  private final NoiseFloor[] floors = new NoiseFloor[BANDS];
  // A frame is the middle of its window: the first one begins in silence.
  private int write = (WINDOW - FRAME_SAMPLES) / 2;
  private int wanted = WINDOW - write;
  private float score;
  private int hold;

  /** Begins in silence. */
  public VoiceActivityDetector() {
    for (int b = 0; b <= BANDS; b++) {
      double mel = mel(LOWEST_HERTZ) + (mel(HIGHEST_HERTZ) - mel(LOWEST_HERTZ)) * b / BANDS;
      edges[b] = (int) Math.round(700 * (Math.pow(10, mel / 2595) - 1) * WINDOW / Speech.SAMPLE_RATE);
    }
    for (int b = 0; b < BANDS; b++) {
      floors[b] = new NoiseFloor(SILENT_POWER, FLOOR_BIAS);
    }
  }

  private static double mel(double hertz) {
    return 2595 * Math.log10(1 + hertz / 700);
  }

  /**
   * Takes samples and tells of the frames that are complete then. A frame is told of 11 ms after its end.
   *
   * @param samples nominally in [-1, 1]
   * @param from index of the first one to take
   * @param to index behind the last one
   * @param listener is told of each frame, inside this call
   * @throws IndexOutOfBoundsException if the samples have no such range
   */
  public void push(float[] samples, int from, int to, Listener listener) {
    Objects.checkFromToIndex(from, to, samples.length);
    for (int at = from; at < to; ) {
      int count = Math.min(Math.min(to - at, wanted), WINDOW - write);
      System.arraycopy(samples, at, ring, write, count);
      at += count;
      write = (write + count) % WINDOW;
      wanted -= count;
      if (wanted == 0) {
        wanted = FRAME_SAMPLES;
        listener.frame(next());
      }
    }
  }

  private boolean next() {
    spectrum.of(ring, write, power);
    score = SCORE_SMOOTHING * score + (1 - SCORE_SMOOTHING) * evidence();
    if (score > BEGIN_SCORE || hold > 0 && score > END_SCORE) {
      hold = HOLD_FRAMES;
    } else if (hold > 0) {
      hold--;
    }
    return hold > 0;
  }

  // Mean log likelihood ratio of speech over noise, with the likeliest a-priori SNR of each band: γ - 1 - ln γ.
  private float evidence() {
    float sum = 0;
    for (int b = 0; b < BANDS; b++) {
      float band = 0;
      for (int bin = edges[b]; bin < edges[b + 1]; bin++) {
        band += power[bin];
      }
      band /= edges[b + 1] - edges[b];
      float ratio = band / floors[b].next(band);
      if (ratio > 1) {
        sum += Math.min(MOST_PER_BAND, ratio - 1 - (float) Math.log(ratio));
      }
    }
    return sum / BANDS;
  }
}
