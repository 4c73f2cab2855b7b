package io.gpa4j.cli;

import io.gpa4j.AudioFormatException;
import io.gpa4j.AudioSource;
import io.gpa4j.CapacityException;
import io.gpa4j.Gpa;
import io.gpa4j.GpaIoException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints what recordings say, one line a file. */
@Command(name = "asr", description = {"Transcribe recordings: one line of text a file.", ""},
    footer = {
      "",
      "Of several files each line begins with the file's name. A file that cannot be heard is told on",
      "standard error, the others are transcribed all the same, and the exit code is 1.",
      "",
      "  gpa asr -m gpa.gguf talk.wav",
      "  gpa asr -m gpa.gguf talks/*.wav > talks.txt"
    })
final class AsrCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions model;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Audio of any usual format and rate, mono or more channels.")
  List<Path> files;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    int code = ExitCode.OK;
    try (Gpa gpa = model.open()) {
      for (Path file : files) {
        try {
          String text = plain(gpa.transcribe(AudioSource.of(file)).text());
          out.println(files.size() == 1 ? text : file + ": " + text);
          out.flush();
        } catch (AudioFormatException | GpaIoException | CapacityException e) {
          if (files.size() == 1) {
            throw e;
          }
          spec.commandLine().getErr().println("gpa: " + Errors.oneLine(e));
          code = ExitCode.SOFTWARE;
        }
      }
    }
    return code;
  }

  // A line is a file's text, and a terminal obeys control characters.
  private static String plain(String text) {
    return text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ").strip();
  }
}
