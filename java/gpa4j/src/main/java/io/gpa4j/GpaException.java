package io.gpa4j;

/**
 * Root of what goes wrong in gpa4j beyond wrong arguments ({@link IllegalArgumentException}, {@link NullPointerException}) and calls
 * at the wrong time ({@link IllegalStateException}). The message names the file, field or argument and, where there is one, the way out.
 */
public class GpaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public GpaException(String message) {
    super(message);
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public GpaException(String message, Throwable cause) {
    super(message, cause);
  }
}
