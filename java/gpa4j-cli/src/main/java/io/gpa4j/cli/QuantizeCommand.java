package io.gpa4j.cli;

import io.gpa4j.conversion.ConversionReport;
import io.gpa4j.conversion.QuantizeOptions;
import io.gpa4j.conversion.Quantizer;
import io.gpa4j.conversion.Recipe;
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

/** Changes the types of a model file's weights. */
@Command(name = "quantize", description = {"Make a model file with weights of other types from one of f32, f16 or bf16.", ""},
    footer = {
      "",
      "Weights are streamed: memory does not grow with the model. The file appears whole or not at all.",
      "",
      "  gpa quantize gpa-bf16.gguf -o gpa-q4_k_m.gguf --type q4_k_m",
      "  gpa quantize gpa-bf16.gguf -o gpa.gguf --type q8_0 --tensor 'decoder.*.ffn_*=q6_k'"
    })
final class QuantizeCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Mixin TypeOptions types;

  @Parameters(paramLabel = "GGUF", description = "The model file.")
  Path model;

  @Option(names = {"-o", "--output"}, required = true, paramLabel = "GGUF", description = "The model file to write or replace.")
  Path output;

  @Option(names = "--allow-requantize", description = "Take quantised weights too; their errors add to the new ones.")
  boolean requantize;

  @Override
  public Integer call() {
    if (!types.hasType()) {
      throw new ParameterException(spec.commandLine(), "--type is missing; choose one of " + String.join(", ", Recipe.labels()));
    }
    ModelOptions.checkFile(model, "model file");
    Outputs.check(spec, output, model);
    QuantizeOptions options = QuantizeOptions.of(types.types(null)).withRequantize(requantize);
    ConversionReport report;
    try (ConversionProgress listener = new ConversionProgress(spec.commandLine().getErr(), "quantize")) {
      report = Quantizer.quantize(model, output, options, listener);
    }
    spec.commandLine().getOut().printf(Locale.ROOT, "%s: %,d bytes, %d tensors, %s%n", report.file(), report.bytes(), report.tensors(),
        String.join(" ", report.networks()));
    return 0;
  }
}
