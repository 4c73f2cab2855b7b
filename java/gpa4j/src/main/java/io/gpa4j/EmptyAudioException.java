package io.gpa4j;

/**
 * Audio without a single sample.
 *
 * <pre>{@code
 * try {
 *   gpa.transcribe(AudioSource.of(new float[0]));
 * } catch (EmptyAudioException e) {
 *   System.err.println("Nobody said anything");
 * }
 * }</pre>
 */
public final class EmptyAudioException extends AudioFormatException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public EmptyAudioException(String message) {
    super(message);
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public EmptyAudioException(String message, Throwable cause) {
    super(message, cause);
  }
}
