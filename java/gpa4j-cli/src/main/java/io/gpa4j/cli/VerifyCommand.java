package io.gpa4j.cli;

import io.gpa4j.GpaIoException;
import io.gpa4j.verify.StageResult;
import io.gpa4j.verify.Verifier;
import io.gpa4j.verify.VerifyOptions;
import io.gpa4j.verify.VerifyReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Stack;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares a model with what the reference computed, stage by stage. */
@Command(name = "verify", description = {"Compare a model with golden values, stage by stage; exit code 1 if any stage fails.", ""},
    footer = {
      "",
      "A stage is fed with the goldens of the stage before (input golden), and with what the model itself",
      "computed from the audio on (input own). What the folder holds is compared, whatever its shapes;",
      "tests/data/goldens/README.md describes the format. The default bounds are for F32 weights. Others",
      "want looser ones; for BF16, say, --nmse 1e-2 --snr 20 --margin-scale 1000.",
      "",
      "  gpa verify GPA/ --goldens goldens/",
      "  gpa verify gpa.gguf --goldens goldens/ --json report.json"
    })
final class VerifyCommand implements Callable<Integer> {
  private static final Path STANDARD_OUTPUT = Path.of("-");
  private static final VerifyOptions DEFAULTS = VerifyOptions.defaults();

  @Spec CommandSpec spec;

  @Parameters(paramLabel = "MODEL", description = "A model file, or a checkpoint folder, which is converted to a temporary F32 file in $TMPDIR first.")
  Path model;

  @Option(names = "--goldens", required = true, paramLabel = "DIR", description = "Folder with the reference's tensors and summary.json.")
  Path goldens;

  @Option(names = "--json", arity = "0..1", paramLabel = "FILE.json", parameterConsumer = JsonTarget.class,
      description = "The report as JSON, with every tensor: in a file (its name ends in .json), or else on standard output in place of the table.")
  Path json;

  @Option(names = "--nmse", paramLabel = "X", description = "Largest normalised mean square error of a tensor. Default: 1e-8.")
  double nmse = DEFAULTS.nmse();

  @Option(names = "--snr", paramLabel = "DB", description = "Smallest signal-to-noise ratio of a waveform. Default: 80.")
  double snr = DEFAULTS.snrDecibels();

  @Option(names = "--margin-scale", paramLabel = "X", description = "Factor on the margins above which the choice of an id counts as firm. Default: 1.")
  double marginScale = DEFAULTS.marginScale();

  @Option(names = "--probability", paramLabel = "X", description = "Largest error of a sampling probability. Default: 1e-5.")
  double probability = DEFAULTS.probability();

  private int threads;

  @Option(names = "--threads", paramLabel = "N", description = "Compute threads. Default: one per core.")
  void threads(int value) {
    threads = ModelOptions.checkedThreads(spec, value);
  }

  @Override
  public Integer call() throws IOException {
    VerifyOptions options = options();
    if (!Files.exists(model)) {
      throw new GpaIoException(model + ": no such model file or checkpoint folder");
    }
    boolean toFile = json != null && !json.equals(STANDARD_OUTPUT);
    if (toFile) {
      Outputs.check(spec, json, model, goldens.resolve("summary.json"));
    }
    PrintWriter out = spec.commandLine().getOut();
    boolean table = json == null || toFile;
    VerifyReport report;
    try (ProgressListener listener = new ProgressListener(spec.commandLine().getErr(), "convert")) {
      report = Verifier.verify(model, goldens, options, listener, table ? rows(out) : stage -> {});
    }
    if (table) {
      long failed = report.stages().stream().filter(stage -> !stage.passed()).count();
      String gaps = report.gaps().isEmpty() ? "" : "; golden files that were not compared: " + report.gaps().size();
      out.println((report.passed() ? "PASS: " + report.stages().size() + " stages" : "FAIL: " + failed + " of " + report.stages().size() + " stages")
          + gaps);
    } else {
      out.println(report.toJson());
    }
    if (toFile) {
      Outputs.replace(json, file -> Files.writeString(file, report.toJson() + "\n"));
    }
    return report.passed() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private VerifyOptions options() {
    try {
      return new VerifyOptions(nmse, snr, marginScale, probability, threads);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
  }

  // The head comes with the first row: what fails before has no table.
  private static Consumer<StageResult> rows(PrintWriter out) {
    boolean[] begun = {false};
    return stage -> {
      if (!begun[0]) {
        out.println(VerifyReport.header());
        begun[0] = true;
      }
      out.println(VerifyReport.row(stage));
      out.flush();
    };
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
