package io.gpa4j.cli;

import io.gpa4j.gguf.Inspector;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a model file holds. */
@Command(name = "inspect", description = {"Show what a model file holds: metadata, tensors, totals by network and by type.", ""},
    footer = {
      "",
      "Any GGUF file of version 2 or 3 will do, of whatever architecture. The file is checked: header,",
      "types, sizes and places of the tensors. Long strings and lists are cut, which they say.",
      "",
      "  gpa inspect gpa.gguf",
      "  gpa inspect gpa.gguf --json > gpa.json"
    })
final class InspectCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "GGUF", description = "The model file.")
  Path model;

  @Option(names = "--json", description = "As JSON.")
  boolean json;

  @Override
  public Integer call() {
    Inspector inspector = Inspector.inspect(ModelOptions.checkFile(model, "model file"));
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? inspector.toJson() : inspector.toText().stripTrailing());
    return 0;
  }
}
