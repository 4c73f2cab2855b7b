package io.gpa4j;

/**
 * The device or instruction set asked for is not there, or it failed.
 *
 * <pre>{@code
 * try (Gpa other = Gpa.builder(Path.of("gpa.gguf")).device(new Device("cuda:7", List.of())).build()) {
 *   System.out.println("It is there");
 * } catch (DeviceException e) {
 *   System.err.println("Not on that device: " + e.getMessage());
 * }
 * }</pre>
 */
public final class DeviceException extends GpaException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what went wrong, where, and what to do
   */
  public DeviceException(String message) {
    super(message);
  }

  /**
   * Makes one with its cause.
   *
   * @param message what went wrong, where, and what to do
   * @param cause what it came from
   */
  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}
