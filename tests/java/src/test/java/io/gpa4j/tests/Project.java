package io.gpa4j.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where things are. */
final class Project {
  private Project() {}

  static Path root() {
    return Path.of(System.getProperty("gpa.home", "../..")).toAbsolutePath().normalize();
  }

  static Path goldens() {
    return root().resolve("tests/data/goldens");
  }

  static Path demo() {
    return root().resolve("tests/data/demo");
  }

  static Path demoModel() {
    return demo().resolve("demo.gguf");
  }

  static Path clip(int number) {
    return demo().resolve("clips/%02d.wav".formatted(number));
  }

  /** A folder for what tests make, beside the build's other products. */
  static Path work() {
    Path folder = root().resolve("tests/java/target/work");
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
