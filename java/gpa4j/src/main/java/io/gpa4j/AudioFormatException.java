package io.gpa4j;

/**
 * Audio that cannot be read or used: an unknown format, a header that claims more than there is, samples that are not finite.
 *
 * <pre>{@code
 * try {
 *   gpa.transcribe(AudioSource.of(new ByteArrayInputStream(new byte[1000])));
 * } catch (AudioFormatException e) {
 *   System.err.println("No audio that can be used: " + e.getMessage());
 * }
 * }</pre>
 */
public class AudioFormatException extends GpaException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public AudioFormatException(String message) {
    super(message);
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public AudioFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
