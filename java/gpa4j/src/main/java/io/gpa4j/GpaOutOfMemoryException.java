package io.gpa4j;

/**
 * The native engine could not allocate what a request or a model needs.
 *
 * <pre>{@code
 * try (Speech speech = gpa.speak("Hello", anna, SpeechOptions.defaults())) {
 *   speech.write(Path.of("hello.wav"));
 * } catch (GpaOutOfMemoryException e) {
 *   System.err.println("Later, perhaps: " + e.getMessage());  // the engine lives on
 * }
 * }</pre>
 */
public final class GpaOutOfMemoryException extends GpaException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public GpaOutOfMemoryException(String message) {
    super(message);
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public GpaOutOfMemoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
