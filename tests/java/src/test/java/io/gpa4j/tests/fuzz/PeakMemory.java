package io.gpa4j.tests.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The most memory that this process had at once, of Java and of native libraries, where Linux tells it. */
final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path RESET = Path.of("/proc/self/clear_refs");
  private static final byte[] PEAK_ONLY = {'5'};

  private PeakMemory() {}

  /** Forgets what was before. */
  static void reset() {
    try {
      if (Files.exists(RESET)) {
        Files.write(RESET, PEAK_ONLY);
      }
    } catch (IOException e) {
      // Then it is the most since the process began.
    }
  }

  /** Bytes; 0 where nobody knows. */
  static long bytes() {
    try {
      for (String line : Files.exists(STATUS) ? Files.readAllLines(STATUS) : List.<String>of()) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    } catch (IOException e) {
      // Nobody knows.
    }
    return 0;
  }
}
