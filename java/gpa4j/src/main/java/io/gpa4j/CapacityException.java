package io.gpa4j;

/**
 * Prompt and answer do not fit the model's context, or the queue is full ({@link Gpa.Builder#refuseWhenFull}).
 *
 * <pre>{@code
 * try {
 *   gpa.generate(new int[100_000], GenerateOptions.defaults());
 * } catch (CapacityException e) {
 *   System.err.println("Too long: " + e.getMessage());
 * }
 * }</pre>
 */
public final class CapacityException extends GpaException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public CapacityException(String message) {
    super(message);
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public CapacityException(String message, Throwable cause) {
    super(message, cause);
  }
}
