package io.gpa4j.cli;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Voices as files. */
@Command(name = "voice", description = "Make voice files.", subcommands = VoiceCommand.Enroll.class)
final class VoiceCommand implements Runnable {
  @Spec CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing command: gpa voice enroll");
  }

  @Command(name = "enroll", description = "Turn a clip of a voice (its first 6 s count) into a voice file.")
  static final class Enroll implements Callable<Integer> {
    @Mixin ModelOptions model;

    @Parameters(paramLabel = "CLIP", description = "Audio of the voice.")
    Path clip;

    @Option(names = {"-o", "--output"}, required = true, paramLabel = "VOICE", description = "The voice file to write.")
    Path output;

    @Option(names = "--name", paramLabel = "NAME", description = "Default: the clip's file name.")
    String name;

    @Override
    public Integer call() {
      String called = name != null ? name : clip.getFileName().toString().replaceFirst("\\.[^.]*$", "");
      try (Gpa gpa = model.open()) {
        gpa.enroll(called, AudioSource.of(clip)).save(output);
      }
      return 0;
    }
  }
}
