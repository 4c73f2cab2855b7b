package io.gpa4j;

/**
 * A model file or checkpoint is not well-formed, or lacks or misshapes a tensor or a value.
 *
 * <pre>{@code
 * try (Gpa broken = Gpa.builder(Path.of("talk.wav")).build()) {
 *   System.out.println(broken.transcribe(AudioSource.of(Path.of("talk.wav"))));
 * } catch (ModelFormatException e) {
 *   System.err.println("Not a model file: " + e.getMessage());
 * }
 * }</pre>
 */
public final class ModelFormatException extends GpaException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public ModelFormatException(String message) {
    super(message);
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public ModelFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
