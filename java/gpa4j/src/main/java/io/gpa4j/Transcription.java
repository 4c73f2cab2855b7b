package io.gpa4j;

import java.util.Objects;

/**
 * What was heard.
 *
 * <pre>{@code
 * Transcription heard = gpa.transcribe(AudioSource.of(Path.of("talk.wav")));
 * System.out.println(heard.text() + (heard.timings().complete() ? "" : " …"));
 * }</pre>
 *
 * @param text the words
 * @param timings how long it took
 */
public record Transcription(String text, Timings timings) {
  /** Checks for nulls. */
  public Transcription {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(timings, "timings");
  }
}
