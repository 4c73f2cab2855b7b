package io.gpa4j.cli;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.GpaIoException;
import io.gpa4j.Precision;
import io.gpa4j.Voice;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of every command that runs a model. */
final class ModelOptions {
  private static final int MAX_THREADS = 1024;

  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "GGUF",
      description = "Model file, as `gpa convert` writes it. Default: $GPA_MODEL, or else the bundled demo model.")
  Path model;

  private int threads;

  @Option(names = "--threads", paramLabel = "N", description = "Compute threads. Default: one per core.")
  void threads(int value) {
    threads = checkedThreads(spec, value);
  }

  @Option(names = "--precision", paramLabel = "exact|fast", defaultValue = "exact",
      description = "Of the audio networks with quantised weights; fast rounds their activations to int8. Default: ${DEFAULT-VALUE}.")
  Precision precision;

  static int checkedThreads(CommandSpec spec, int value) {
    if (value < 0 || value > MAX_THREADS) {
      throw new ParameterException(spec.commandLine(), "--threads is " + value + ", expected 1 to " + MAX_THREADS + ", or 0 for one per core");
    }
    return value;
  }

  /** Opens the model; broken weights are told by name, at the cost of reading them all once. */
  Gpa open() {
    return open(0);
  }

  /** Opens it for so many requests at once; 0: the library's default. */
  Gpa open(int concurrency) {
    return Gpa.builder(checkFile(path(), "model file")).threads(threads).precision(precision).maxConcurrency(concurrency).checkFinite(true).build();
  }

  Path path() {
    if (model != null) {
      return model;
    }
    String named = System.getenv("GPA_MODEL");
    if (named != null && !named.isBlank()) {
      return Path.of(named);
    }
    Path bundled = Home.demo().resolve("demo.gguf");
    if (!Files.isRegularFile(bundled)) {
      throw new GpaIoException(bundled + ": the bundled demo model is not there; name a model file with --model or $GPA_MODEL");
    }
    return bundled;
  }

  /** A model file; folders and files that are not there are refused with what to do. */
  static Path checkFile(Path file, String what) {
    if (Files.isDirectory(file)) {
      throw new GpaIoException(file + ": is a folder, expected a " + what
          + (Files.exists(file.resolve("config.json")) ? "; `gpa convert` makes one of a checkpoint" : ""));
    }
    if (!Files.exists(file)) {
      throw new GpaIoException(file + ": no such " + what);
    }
    return file;
  }

  /** A saved voice (*.voice), or an audio clip of one that is enrolled now. */
  static Voice voice(Gpa gpa, Path file) {
    return isSaved(file) ? Voice.load(file) : gpa.enroll(nameOf(file), AudioSource.of(file));
  }

  /** A voice file or clip that is there. */
  static void checkVoice(Path file) {
    checkFile(file, "voice file or clip");
  }

  private static boolean isSaved(Path file) {
    return file.toString().endsWith(".voice");
  }

  /** What a voice is called after its clip. */
  static String nameOf(Path clip) {
    return clip.getFileName().toString().replaceFirst("(?<=.)\\.[^.]*$", "");
  }
}
