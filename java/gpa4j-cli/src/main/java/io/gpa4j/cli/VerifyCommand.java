package io.gpa4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Stack;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares a model with what the reference computed, stage by stage, or models with a reference model. */
@Command(name = "verify",
    description = {"Compare a model with golden values, stage by stage (--goldens), or models with a reference model (--against).", ""},
    footer = {
      "",
      "With --goldens a stage is fed with the goldens of the stage before (input golden), and with what",
      "the model itself computed from the audio on (input own); exit code 1 if any stage fails. What the",
      "folder holds is compared, whatever its shapes; tests/data/goldens/README.md describes the format.",
      "The default bounds are for F32 weights. Others want looser ones; for BF16, say, --nmse 1e-2",
      "--snr 20 --margin-scale 1000.",
      "",
      "With --against models of one checkpoint are compared with the reference, an F32 model if there is",
      "one: weights, activations, the next token's distributions along the reference's own sequences, the",
      "codec's waveform, ids that become others, and word error rates. Without --clips there is no audio:",
      "weights, decoder and codec alone are compared, on ids by a formula. docs/quality.md tells what each",
      "figure means. A model that cannot be compared is told on standard error, the others are compared",
      "all the same, and the exit code is 1.",
      "",
      "  gpa verify GPA/ --goldens goldens/",
      "  gpa verify gpa.gguf --goldens goldens/ --json report.json",
      "  gpa verify gpa-q8_0.gguf gpa-q4_k_m.gguf --against gpa-f32.gguf --clips clips/ --plot quality.png"
    })
final class VerifyCommand implements Callable<Integer> {
  private static final Path STANDARD_OUTPUT = Path.of("-");

  @Spec CommandSpec spec;
  @Mixin GoldensCheck goldensCheck;
  @Mixin ReferenceComparison comparison;

  @Parameters(arity = "1..*", paramLabel = "MODEL",
      description = "A model file, or, with --goldens, a checkpoint folder, which is converted to a temporary F32 file in $TMPDIR first.")
  List<Path> models;

  @Option(names = "--goldens", paramLabel = "DIR", description = "Folder with the reference's tensors and summary.json.")
  Path goldens;

  @Option(names = "--against", paramLabel = "GGUF", description = "The reference model.")
  Path reference;

  @Option(names = "--json", arity = "0..1", paramLabel = "FILE.json", parameterConsumer = JsonTarget.class,
      description = "The report as JSON, with every tensor: in a file (its name ends in .json), or else on standard output in place of the table.")
  Path json;

  private int threads;

  @Option(names = "--threads", paramLabel = "N", description = "Compute threads. Default: one per core.")
  void threads(int value) {
    threads = ModelOptions.checkedThreads(spec, value);
  }

  @Override
  public Integer call() throws IOException {
    if (goldens == null && reference == null) {
      throw misused("--goldens DIR or --against GGUF is missing");
    }
    if (goldens != null && reference != null) {
      throw misused("--goldens and --against exclude each other");
    }
    if (goldens == null) {
      refuse(GoldensCheck.OPTIONS, "--goldens");
      return comparison.run(models, reference, threads, new Report(json));
    }
    refuse(ReferenceComparison.OPTIONS, "--against");
    if (models.size() > 1) {
      throw misused("'" + models.get(1) + "' is one argument too many: --goldens takes one model");
    }
    return goldensCheck.run(models.get(0), goldens, threads, new Report(json));
  }

  // An option without effect would pass for one that has been obeyed.
  private void refuse(List<String> options, String other) {
    for (String option : options) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw misused(option + " goes with " + other);
      }
    }
  }

  private ParameterException misused(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Where a report goes: a table on standard output, with a file of JSON or not, or JSON there. */
  record Report(Path json) {
    /** Whether JSON goes to a file. */
    boolean hasFile() {
      return json != null && !json.equals(STANDARD_OUTPUT);
    }

    /** Whether the table goes to standard output. */
    boolean hasTable() {
      return json == null || hasFile();
    }
  }

  /** Takes the next word for the file only if it looks like one, so that the model may follow a bare --json. */
  static final class JsonTarget implements IParameterConsumer {
    @Override
    public void consumeParameters(Stack<String> args, ArgSpec option, CommandSpec command) {
      boolean named = !args.isEmpty() && (args.peek().endsWith(".json") || args.peek().equals(STANDARD_OUTPUT.toString()));
      option.setValue(named ? Path.of(args.pop()) : STANDARD_OUTPUT);
    }
  }
}
