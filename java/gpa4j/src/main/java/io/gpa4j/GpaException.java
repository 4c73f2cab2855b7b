package io.gpa4j;

/**
 * Root of what goes wrong in gpa4j beyond wrong arguments ({@link IllegalArgumentException}, {@link NullPointerException}) and calls
 * at the wrong time ({@link IllegalStateException}). The message names the file, field or argument and, where there is one, the way out.
 * It is one line of at most two thousand characters: a question mark stands for a control character, an ellipsis for the rest of a longer one.
 *
 * <pre>{@code
 * try {
 *   System.out.println(gpa.transcribe(AudioSource.of(Path.of("nowhere.wav"))).text());
 * } catch (GpaException e) {
 *   System.err.println(e.getMessage());
 * }
 * }</pre>
 */
public class GpaException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int MAX_MESSAGE = 2000;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public GpaException(String message) {
    super(oneLine(message));
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public GpaException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  // Messages quote names and values out of files, and a log must not be written by a file.
  private static String oneLine(String message) {
    if (message == null) {
      return null;
    }
    String shown = message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE) + "…";
    return shown.chars().anyMatch(Character::isISOControl) ? shown.replaceAll("\\p{Cntrl}|[\\x80-\\x9f]", "?") : shown;
  }
}
