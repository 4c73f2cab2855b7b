package io.gpa4j.internal;

import io.gpa4j.AudioFormatException;
import io.gpa4j.CancelledException;
import io.gpa4j.CapacityException;
import io.gpa4j.DeviceException;
import io.gpa4j.GpaException;
import io.gpa4j.GpaIoException;
import io.gpa4j.GpaOutOfMemoryException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.bindings.global.gpa;
import io.gpa4j.bindings.gpa_error;
import io.gpa4j.bindings.gpa_log_fn;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads the native library, bridges its log, and turns a status into an exception: the one place that does. */
public final class Native {
  /** The safety net behind every {@code close()}. */
  static final Cleaner CLEANER = Cleaner.create();

  private static final Logger LOG = LoggerFactory.getLogger("io.gpa4j.native");
  // Native code keeps its address: it must never be collected.
  private static final gpa_log_fn LOG_BRIDGE;
  // Kept, as an exception out of a static initializer would reach nobody by its type.
  private static final DeviceException FAILURE;

  static {
    // JavaCPP would count the mapped model as the process's memory and refuse to allocate.
    if (System.getProperty("org.bytedeco.javacpp.maxPhysicalBytes") == null
        && System.getProperty("org.bytedeco.javacpp.maxphysicalbytes") == null) {
      System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
    }
    FAILURE = tryToLoad();
    LOG_BRIDGE = FAILURE == null ? new LogBridge() : null;
    if (FAILURE == null) {
      gpa.gpa_log_set(LOG_BRIDGE, null);
      findCudaLibrary();
    }
  }

  private Native() {}

  private static DeviceException tryToLoad() {
    try {
      int abi = gpa.gpa_abi_version();
      return abi == gpa.GPA_ABI_VERSION ? null : new DeviceException("libgpa.so has ABI version " + abi + ", this library needs "
          + gpa.GPA_ABI_VERSION + ": use gpa4j and gpa4j-bindings of the same version");
    } catch (LinkageError e) {
      return new DeviceException("the native library is not there for this machine ("
          + System.getProperty("os.name") + " " + System.getProperty("os.arch") + "): " + e.getMessage(), e);
    }
  }

  /** Makes sure that the library is loaded; {@link DeviceException} if it cannot be. */
  static void load() {
    if (FAILURE != null) {
      throw new DeviceException(FAILURE.getMessage(), FAILURE);
    }
  }

  /** Version of the native library. */
  public static String version() {
    load();
    return string(gpa.gpa_version());
  }

  /** Kernel sets that this machine can run, best first. */
  public static List<String> kernels() {
    load();
    List<String> names = new ArrayList<>();
    for (int i = 0; ; i++) {
      BytePointer name = gpa.gpa_isa_name(i);
      if (name == null || name.isNull()) {
        return names;
      }
      names.add(string(name));
    }
  }

  /** Devices of this machine, best first. */
  public static List<String> devices() {
    load();
    List<String> names = new ArrayList<>();
    for (int i = 0; ; i++) {
      BytePointer name = gpa.gpa_device_name(i);
      if (name == null || name.isNull()) {
        return names;
      }
      names.add(string(name));
    }
  }

  /** Where the library for GPUs is on the class path, the native side finds it; without it there is only the processor. */
  private static void findCudaLibrary() {
    URL resource = gpa.class.getResource(Loader.getPlatform() + "/libgpa_cuda.so");
    if (resource == null) {
      return;
    }
    try (gpa_error error = new gpa_error();
        BytePointer path = new BytePointer(Loader.cacheResource(resource).getPath(), StandardCharsets.UTF_8)) {
      check(gpa.gpa_cuda_library_set(path, error), error);
    } catch (IOException e) {
      LOG.warn("{} cannot be unpacked; GPUs are not used", resource, e);
    }
  }

  /** A zero-terminated UTF-8 string. */
  static String string(BytePointer pointer) {
    return pointer == null || pointer.isNull() ? "" : pointer.getString(StandardCharsets.UTF_8);
  }

  /** Throws what a status other than {@code GPA_OK} means. */
  static void check(int status, gpa_error error) {
    if (status != gpa.GPA_OK) {
      throw exception(status, string(error.message()));
    }
  }

  static RuntimeException exception(int status, String said) {
    String message = said.isEmpty() ? "native status " + status : said;
    return switch (status) {
      case gpa.GPA_ERROR_INVALID_ARGUMENT -> new IllegalArgumentException(message);
      case gpa.GPA_ERROR_INVALID_STATE -> new IllegalStateException(message);
      case gpa.GPA_ERROR_IO -> new GpaIoException(message);
      case gpa.GPA_ERROR_MODEL_FORMAT -> new ModelFormatException(message);
      case gpa.GPA_ERROR_UNSUPPORTED -> new UnsupportedModelException(message);
      case gpa.GPA_ERROR_AUDIO -> new AudioFormatException(message);
      case gpa.GPA_ERROR_OUT_OF_MEMORY -> new GpaOutOfMemoryException(message);
      case gpa.GPA_ERROR_DEVICE -> new DeviceException(message);
      case gpa.GPA_ERROR_CANCELLED -> new CancelledException(message);
      case gpa.GPA_ERROR_CAPACITY -> new CapacityException(message);
      default -> new GpaException(message);
    };
  }

  private static final class LogBridge extends gpa_log_fn {
    @Override
    public void call(Pointer user, int level, BytePointer message) {
      try {
        String line = string(message);
        switch (level) {
          case 0 -> LOG.error(line);
          case 1 -> LOG.warn(line);
          case 2 -> LOG.info(line);
          default -> LOG.debug(line);
        }
      } catch (Throwable t) {
        // A Java exception must not enter native frames, and there is nobody to tell.
      }
    }
  }
}
