package io.gpa4j.cli;

import io.gpa4j.GpaIoException;
import io.gpa4j.Speech;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Looks at where a result shall go before anything long begins. */
final class Outputs {
  /** The name that stands for standard input. */
  static final Path STDIN = Path.of("-");

  private Outputs() {}

  /**
   * Checks a file to be written.
   *
   * @param inputs what the command reads, which the result must not replace
   * @throws ParameterException if it is one of the inputs
   * @throws GpaIoException if it is a folder, or lies in none
   */
  static void check(CommandSpec spec, Path output, Path... inputs) {
    for (Path input : inputs) {
      if (isSame(output, input)) {
        throw new ParameterException(spec.commandLine(), output + " is both input and output; name another file for the result");
      }
    }
    if (Files.isDirectory(output)) {
      throw new GpaIoException(output + ": is a folder, expected a file to write");
    }
    Path folder = output.toAbsolutePath().getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      throw new GpaIoException(output + ": cannot be written: there is no folder " + folder);
    }
  }

  /**
   * The files to be written of several inputs: in a folder, which may be there or not, or, of one input, the file itself. Names are those of
   * the inputs with another ending.
   *
   * @param ending with its dot
   * @param others what else the command reads
   * @throws ParameterException if one is an input, or two are the same
   * @throws GpaIoException if one cannot be written
   */
  static List<Path> of(CommandSpec spec, Path output, List<Path> inputs, String ending, Path... others) {
    Path[] read = Stream.concat(inputs.stream(), Arrays.stream(others)).toArray(Path[]::new);
    if (inputs.size() == 1 && !Files.isDirectory(output)) {
      check(spec, output, read);
      return List.of(output);
    }
    if (Files.exists(output) && !Files.isDirectory(output)) {
      throw new GpaIoException(output + ": is a file, expected a folder for the results of several files");
    }
    Map<Path, Path> sources = new LinkedHashMap<>();
    for (Path input : inputs) {
      Path target = output.resolve((input.equals(STDIN) ? "stdin" : ModelOptions.nameOf(input)) + ending);
      Path other = sources.put(target, input);
      if (other != null) {
        throw new ParameterException(spec.commandLine(), other + " and " + input + " would both become " + target + "; do them one after the other");
      }
      if (Files.exists(output)) {
        check(spec, target, read);
      } else {
        check(spec, output, read);
      }
    }
    return List.copyOf(sources.keySet());
  }

  /** Writes speech, whose memory is freed, to such a file; there is nothing to print. */
  static String write(Speech speech, Path file) throws IOException {
    try (speech) {
      speech.write(ready(file));
    }
    return "";
  }

  /** Makes the folder of a file that is about to be written. */
  static Path ready(Path file) throws IOException {
    if (file.getParent() != null) {
      Files.createDirectories(file.getParent());
    }
    return file;
  }

  private static boolean isSame(Path a, Path b) {
    try {
      return Files.exists(a) && Files.exists(b) && Files.isSameFile(a, b);
    } catch (IOException e) {
      return false;
    }
  }
}
