package io.gpa4j.cli;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints what recordings say, one line a file. */
@Command(name = "asr", description = "Transcribe recordings: one line of text a file.")
final class AsrCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions model;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Audio: any rate, mono or more channels.")
  List<Path> files;

  @Override
  public Integer call() {
    try (Gpa gpa = model.open()) {
      for (Path file : files) {
        String text = gpa.transcribe(AudioSource.of(file)).text();
        spec.commandLine().getOut().println(files.size() == 1 ? text : file + ": " + text);
        spec.commandLine().getOut().flush();
      }
    }
    return 0;
  }
}
