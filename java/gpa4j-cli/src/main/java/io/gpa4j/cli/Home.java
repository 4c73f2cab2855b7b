package io.gpa4j.cli;

import java.nio.file.Path;

/** Where the project's own files are: the launcher says so in the property {@code gpa.home}. */
final class Home {
  private Home() {}

  static Path demo() {
    return Path.of(System.getProperty("gpa.home", ".")).resolve("tests/data/demo");
  }
}
