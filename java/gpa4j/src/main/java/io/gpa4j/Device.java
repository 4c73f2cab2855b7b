package io.gpa4j;

import io.gpa4j.internal.Native;
import java.util.List;
import java.util.Objects;

/**
 * Where a model computes.
 *
 * <pre>{@code
 * for (Device device : Device.available()) {
 *   System.out.println(device.name() + ": " + device.kernels());
 * }
 * }</pre>
 *
 * @param name "cpu"
 * @param kernels the kernel sets that it can run, best first; the environment variable {@code GPA_ISA} forces one
 */
public record Device(String name, List<String> kernels) {
  /** Copies the list. */
  public Device {
    Objects.requireNonNull(name, "name");
    kernels = List.copyOf(kernels);
  }

  /**
   * The best device of this machine.
   *
   * @return the first of {@link #available()}
   */
  public static Device auto() {
    return available().get(0);
  }

  /**
   * The processor.
   *
   * @return the device "cpu"
   */
  public static Device cpu() {
    return new Device("cpu", Native.kernels());
  }

  /**
   * All devices of this machine, best first.
   *
   * @return at least one
   * @throws DeviceException if the native library is not there for this machine
   */
  public static List<Device> available() {
    return List.of(cpu());
  }

  /**
   * Version of the native library.
   *
   * @return e.g. "0.1.0"
   */
  public static String libraryVersion() {
    return Native.version();
  }
}
