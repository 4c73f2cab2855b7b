package io.gpa4j.cli;

import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.ConversionReport;
import io.gpa4j.conversion.Converter;
import io.gpa4j.conversion.Recipe;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a model file of a checkpoint folder. */
@Command(name = "convert", description = "Turn a checkpoint folder into one model file.")
final class ConvertCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "CHECKPOINT", description = "The folder, as published.")
  Path checkpoint;

  @Option(names = {"-o", "--output"}, required = true, paramLabel = "GGUF", description = "The model file to write.")
  Path output;

  @Mixin TypeOptions types;

  @Option(names = "--name", description = "Model card: name.")
  String name;

  @Option(names = "--license", description = "Model card: licence.")
  String license;

  @Option(names = "--source", description = "Model card: where the checkpoint comes from.")
  String source;

  @Override
  public Integer call() {
    ConversionOptions options = ConversionOptions.of(types.types(Recipe.BF16)).withCard(name, license, source);
    ConversionReport report;
    try (ProgressListener listener = new ProgressListener(spec.commandLine().getErr(), "convert")) {
      report = Converter.convert(checkpoint, output, options, listener);
    }
    spec.commandLine().getOut().printf(Locale.ROOT, "%s: %,d bytes, %d tensors, %s%n", report.file(), report.bytes(), report.tensors(),
        String.join(" ", report.networks()));
    return 0;
  }
}
