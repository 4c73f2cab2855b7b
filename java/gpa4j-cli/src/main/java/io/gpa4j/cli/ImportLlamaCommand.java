package io.gpa4j.cli;

import io.gpa4j.conversion.ConversionReport;
import io.gpa4j.conversion.LlamaImporter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Puts a decoder from llama.cpp into a model. */
@Command(name = "import-llama", description = {"Put a decoder that llama.cpp quantised into a model file.", ""},
    footer = {
      "",
      "The decoder must be the model's own: its shapes and tokens are compared. Its weights may be F32,",
      "F16, BF16, Q8_0, Q6_K, Q5_K, Q4_K, Q4_0 or IQ4_NL.",
      "",
      "  gpa import-llama decoder-q4_k_m.gguf --into gpa-bf16.gguf -o gpa.gguf"
    })
final class ImportLlamaCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "DECODER", description = "The decoder's GGUF.")
  Path decoder;

  @Option(names = "--into", required = true, paramLabel = "GGUF", description = "The model file; it stays as it is.")
  Path model;

  @Option(names = {"-o", "--output"}, required = true, paramLabel = "GGUF", description = "The model file to write or replace.")
  Path output;

  @Override
  public Integer call() {
    ModelOptions.checkFile(decoder, "GGUF file");
    ModelOptions.checkFile(model, "model file");
    Outputs.check(spec, output, decoder, model);
    ConversionReport report;
    try (ConversionProgress listener = new ConversionProgress(spec.commandLine().getErr(), "import")) {
      report = LlamaImporter.importDecoder(decoder, model, output, listener);
    }
    spec.commandLine().getOut().printf(Locale.ROOT, "%s: %,d bytes, %d tensors, %s%n", report.file(), report.bytes(), report.tensors(),
        String.join(" ", report.networks()));
    return 0;
  }
}
