package io.gpa4j.cli;

import io.gpa4j.conversion.ConversionReport;
import io.gpa4j.conversion.LlamaExporter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a model's decoder for llama.cpp. */
@Command(name = "export-llama", description = {"Write the decoder of a model file as a GGUF that llama.cpp loads.", ""},
    footer = {
      "",
      "Weights keep their types and bytes; the text tokenizer goes along. `gpa import-llama` takes back",
      "what llama.cpp makes of it.",
      "",
      "  gpa export-llama gpa-bf16.gguf -o decoder.gguf"
    })
final class ExportLlamaCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "GGUF", description = "The model file.")
  Path model;

  @Option(names = {"-o", "--output"}, required = true, paramLabel = "GGUF", description = "The file to write or replace.")
  Path output;

  @Override
  public Integer call() {
    ModelOptions.checkFile(model, "model file");
    Outputs.check(spec, output, model);
    ConversionReport report;
    try (ConversionProgress listener = new ConversionProgress(spec.commandLine().getErr(), "export")) {
      report = LlamaExporter.export(model, output, listener);
    }
    spec.commandLine().getOut().printf(Locale.ROOT, "%s: %,d bytes, %d tensors%n", report.file(), report.bytes(), report.tensors());
    return 0;
  }
}
