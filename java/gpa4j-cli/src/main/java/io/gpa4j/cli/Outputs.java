package io.gpa4j.cli;

import io.gpa4j.GpaIoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Looks at where a result shall go before anything long begins. */
final class Outputs {
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

  private static boolean isSame(Path a, Path b) {
    try {
      return Files.exists(a) && Files.exists(b) && Files.isSameFile(a, b);
    } catch (IOException e) {
      return false;
    }
  }
}
