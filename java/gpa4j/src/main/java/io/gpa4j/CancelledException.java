package io.gpa4j;

/**
 * The request was cancelled: by its future, by an interrupt of the waiting thread, or because the engine was closed.
 *
 * <pre>{@code
 * CompletableFuture<Transcription> future = gpa.transcribeAsync(AudioSource.of(Path.of("talk.wav")), TranscribeOptions.defaults());
 * future.cancel(true);  // its place is free at once; whoever waits in transcribe() for an interrupt gets a CancelledException
 * }</pre>
 */
public final class CancelledException extends GpaException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public CancelledException(String message) {
    super(message);
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public CancelledException(String message, Throwable cause) {
    super(message, cause);
  }
}
