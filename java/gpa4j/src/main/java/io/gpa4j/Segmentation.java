package io.gpa4j;

import java.time.Duration;
import java.util.Objects;

/**
 * How long audio is cut into segments that are heard one by one: at pauses, and where there are none for too long, at the quietest
 * point of the segment's second half. Audio that is no longer than one segment is not cut.
 *
 * <pre>{@code
 * Segmentation lines = Segmentation.defaults().withLongest(Duration.ofSeconds(6));
 * Transcription heard = gpa.transcribe(AudioSource.of(Path.of("talk.wav")), TranscribeOptions.builder().segmentation(lines).build());
 * }</pre>
 *
 * @param longest no segment lasts longer, 1 s to 10 min
 * @param pause what ends a segment: nobody speaks for so long, 100 ms to 10 s
 */
public record Segmentation(Duration longest, Duration pause) {
  private static final Segmentation DEFAULTS = new Segmentation(Duration.ofSeconds(30), Duration.ofMillis(500));

  /** Checks the ranges. */
  public Segmentation {
    check("longest", longest, Duration.ofSeconds(1), Duration.ofMinutes(10));
    check("pause", pause, Duration.ofMillis(100), Duration.ofSeconds(10));
  }

  /**
   * Segments of at most 30 s, which are what the model was made for, and pauses of 500 ms.
   *
   * @return the defaults
   */
  public static Segmentation defaults() {
    return DEFAULTS;
  }

  /**
   * This with another longest segment.
   *
   * @param value 1 s to 10 min
   * @return such a segmentation
   */
  public Segmentation withLongest(Duration value) {
    return new Segmentation(value, pause);
  }

  /**
   * Samples of the longest segment.
   *
   * @return at 16 kHz
   */
  public int longestSamples() {
    return samples(longest);
  }

  /**
   * Samples of the shortest pause that ends a segment.
   *
   * @return at 16 kHz
   */
  public int pauseSamples() {
    return samples(pause);
  }

  private static int samples(Duration duration) {
    return (int) (duration.toMillis() * Speech.SAMPLE_RATE / 1000);
  }

  private static void check(String name, Duration value, Duration least, Duration most) {
    Objects.requireNonNull(value, name);
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(name + " is " + value.toMillis() + " ms, expected " + least.toMillis() + " to " + most.toMillis());
    }
  }
}
