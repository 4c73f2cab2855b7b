package io.gpa4j.cli;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.Voice;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options of every command that runs a model. */
final class ModelOptions {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "GGUF",
      description = "Model file. Default: $GPA_MODEL, or else the bundled demo model.")
  Path model;

  @Option(names = "--threads", paramLabel = "N", description = "Compute threads. Default: one per core.")
  int threads;

  Gpa open() {
    return Gpa.builder(path()).threads(threads).build();
  }

  Path path() {
    if (model != null) {
      return model;
    }
    String named = System.getenv("GPA_MODEL");
    return named != null && !named.isEmpty() ? Path.of(named) : Home.demo().resolve("demo.gguf");
  }

  /** A saved voice (*.voice), or an audio clip of one that is enrolled now. */
  static Voice voice(Gpa gpa, Path file) {
    if (!Files.isRegularFile(file)) {
      throw new Main.UsageException(file + ": no such voice file or clip");
    }
    String name = file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    return file.toString().endsWith(".voice") ? Voice.load(file) : gpa.enroll(name, AudioSource.of(file));
  }
}
