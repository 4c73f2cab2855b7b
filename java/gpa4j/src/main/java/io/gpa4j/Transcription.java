package io.gpa4j;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * What was heard. Times are those of segments, which end where somebody pauses; the model knows none of single words. Shorter segments
 * ({@link Segmentation}) tell more of them, {@link Subtitles} divides their text in proportion to its length.
 *
 * <pre>{@code
 * Transcription heard = gpa.transcribe(AudioSource.of(Path.of("talk.wav")));
 * System.out.println(heard.text() + (heard.timings().complete() ? "" : " …"));
 * }</pre>
 *
 * @param text the words: the segments' texts, joined by spaces
 * @param segments what was heard when, in order; audio no longer than one segment is one, long audio in which nobody speaks has none
 * @param timings how long it took: from when the first segment was submitted to when the last one was heard
 */
public record Transcription(String text, List<Segment> segments, Timings timings) {
  /**
   * A part of a recording.
   *
   * @param text its words
   * @param start where it begins in the recording
   * @param end where it ends
   */
  public record Segment(String text, Duration start, Duration end) {
    /** Checks for nulls, and that it does not end before it begins. */
    public Segment {
      Objects.requireNonNull(text, "text");
      if (start.isNegative() || end.compareTo(start) < 0) {
        throw new IllegalArgumentException("a segment from " + start + " to " + end);
      }
    }
  }

  /** Checks for nulls. */
  public Transcription {
    Objects.requireNonNull(text, "text");
    segments = List.copyOf(segments);
    Objects.requireNonNull(timings, "timings");
  }

  static Transcription of(List<Segment> segments, Timings timings) {
    if (segments.size() == 1) {
      return new Transcription(segments.get(0).text(), segments, timings);
    }
    String text = segments.stream().map(segment -> segment.text().strip()).filter(words -> !words.isEmpty()).collect(Collectors.joining(" "));
    return new Transcription(text, segments, timings);
  }
}
