package io.gpa4j.cli;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Voices as files. */
@Command(name = "voice", description = "Make voice files.", synopsisSubcommandLabel = "COMMAND", subcommands = VoiceCommand.Enroll.class)
final class VoiceCommand implements Runnable {
  @Spec CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing: gpa voice enroll");
  }

  @Command(name = "enroll", description = {"Turn a clip of a voice into a voice file: 32 tokens, for `gpa tts` and `gpa vc`.", ""},
      footer = {"", "  gpa voice enroll -m gpa.gguf anna.wav -o anna.voice"})
  static final class Enroll implements Callable<Integer> {
    @Spec CommandSpec spec;
    @Mixin ModelOptions model;

    @Parameters(paramLabel = "CLIP", description = "Audio of the voice, of any usual format and rate; its first 6 s count.")
    Path clip;

    @Option(names = {"-o", "--output"}, required = true, paramLabel = "VOICE", description = "The voice file to write or replace, *.voice.")
    Path output;

    @Option(names = "--name", paramLabel = "NAME", description = "What the voice is called. Default: the clip's file name.")
    String name;

    @Override
    public Integer call() {
      String called = name != null ? name : ModelOptions.nameOf(clip);
      if (called.isBlank()) {
        throw new ParameterException(spec.commandLine(), "--name is blank");
      }
      ModelOptions.checkFile(clip, "audio file");
      Outputs.check(spec, output, clip, model.path());
      try (Gpa gpa = model.open()) {
        gpa.enroll(called, AudioSource.of(clip)).save(output);
      }
      return 0;
    }
  }
}
