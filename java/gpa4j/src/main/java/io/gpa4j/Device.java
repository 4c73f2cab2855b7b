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
 * @param name "cpu", or "cuda:0", "cuda:1", … for NVIDIA GPUs, which need the library for them on the class path and a driver
 * @param kernels the kernel sets that it can run, best first; the environment variable {@code GPA_ISA} forces one of the processor's
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
    return of("cpu");
  }

  /**
   * A device by its name. Whether it is there shows when it is used.
   *
   * @param name "cpu", "cuda:0", "cuda:1", …
   * @return that device
   */
  public static Device of(String name) {
    return new Device(name, name.equals("cpu") ? Native.kernels() : List.of("cuda"));
  }

  /**
   * All devices of this machine, best first.
   *
   * @return at least one
   * @throws DeviceException if the native library is not there for this machine
   */
  public static List<Device> available() {
    return Native.devices().stream().map(Device::of).toList();
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
