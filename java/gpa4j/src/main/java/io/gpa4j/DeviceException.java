package io.gpa4j;

/** The device or instruction set asked for is not there, or it failed. */
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
