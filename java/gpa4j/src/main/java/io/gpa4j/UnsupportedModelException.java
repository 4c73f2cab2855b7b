package io.gpa4j;

/**
 * A model is well-formed but beyond this library: an unknown type or architecture, or a network that the file does not hold.
 *
 * <pre>{@code
 * try (Gpa decoder = Gpa.builder(Path.of("decoder.gguf")).build()) {
 *   decoder.transcribe(AudioSource.of(Path.of("talk.wav")));
 * } catch (UnsupportedModelException e) {
 *   System.err.println("This model cannot listen: " + e.getMessage());
 * }
 * }</pre>
 */
public final class UnsupportedModelException extends GpaException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public UnsupportedModelException(String message) {
    super(message);
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public UnsupportedModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
