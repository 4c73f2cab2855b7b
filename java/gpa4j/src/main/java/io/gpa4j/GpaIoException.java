package io.gpa4j;

/**
 * A file cannot be opened, read or written.
 *
 * <pre>{@code
 * try {
 *   Voice.load(Path.of("nobody.voice"));
 * } catch (GpaIoException e) {
 *   System.err.println("Cannot be read: " + e.getMessage());
 * }
 * }</pre>
 */
public final class GpaIoException extends GpaException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public GpaIoException(String message) {
    super(message);
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public GpaIoException(String message, Throwable cause) {
    super(message, cause);
  }
}
