package io.gpa4j.cli;

import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.ConversionReport;
import io.gpa4j.conversion.Converter;
import io.gpa4j.conversion.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a model file of a checkpoint folder. */
@Command(name = "convert", description = {"Turn a checkpoint folder into one model file.", ""},
    footer = {
      "",
      "The folder is as published: config.json, tokenizer.json and weights (safetensors or",
      "pytorch_model.bin), with BiCodec/ and glm-4-voice-tokenizer/ beside them, or a decoder and its",
      "tokenizer alone. Weights are streamed: memory does not grow with the checkpoint. The file appears",
      "whole or not at all.",
      "",
      "Without --type the weights are bf16.",
      "",
      "  gpa convert GPA/ -o gpa.gguf --type q8_0"
    })
final class ConvertCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "CHECKPOINT", description = "The checkpoint's folder.")
  Path checkpoint;

  @Option(names = {"-o", "--output"}, required = true, paramLabel = "GGUF", description = "The model file to write or replace.")
  Path output;

  @Mixin TypeOptions types;

  @Option(names = "--name", paramLabel = "NAME", description = "Model card: name. Default: the checkpoint's.")
  String name;

  @Option(names = "--license", paramLabel = "LICENCE", description = "Model card: licence. Default: as the checkpoint's README.md says.")
  String license;

  @Option(names = "--source", paramLabel = "SOURCE", description = "Model card: where the checkpoint comes from. Default: its name.")
  String source;

  @Override
  public Integer call() {
    if (Files.isRegularFile(output) && lies(output, checkpoint) && !output.toString().endsWith(".gguf")) {
      throw new ParameterException(spec.commandLine(), output + " is a file of the checkpoint; name another file for the result");
    }
    ConversionOptions options = ConversionOptions.of(types.types(Recipe.BF16)).withCard(name, license, source);
    ConversionReport report;
    try (ConversionProgress listener = new ConversionProgress(spec.commandLine().getErr(), "convert")) {
      report = Converter.convert(checkpoint, output, options, listener);
    }
    spec.commandLine().getOut().printf(Locale.ROOT, "%s: %,d bytes, %d tensors, %s%n", report.file(), report.bytes(), report.tensors(),
        String.join(" ", report.networks()));
    return 0;
  }

  private static boolean lies(Path file, Path folder) {
    return file.toAbsolutePath().normalize().startsWith(folder.toAbsolutePath().normalize());
  }
}
