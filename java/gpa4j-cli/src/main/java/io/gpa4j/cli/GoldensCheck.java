package io.gpa4j.cli;

import io.gpa4j.GpaIoException;
import io.gpa4j.report.ResultFile;
import io.gpa4j.verify.StageResult;
import io.gpa4j.verify.Verifier;
import io.gpa4j.verify.VerifyOptions;
import io.gpa4j.verify.VerifyReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The part of {@code gpa verify} that compares a model with goldens. */
final class GoldensCheck {
  /** Options that it alone obeys. */
  static final List<String> OPTIONS = List.of("--nmse", "--snr", "--margin-scale", "--probability");

  private static final VerifyOptions DEFAULTS = VerifyOptions.defaults();

  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = "--nmse", paramLabel = "X", description = "Largest normalised mean square error of a tensor. Default: 1e-8.")
  double nmse = DEFAULTS.nmse();

  @Option(names = "--snr", paramLabel = "DB", description = "Smallest signal-to-noise ratio of a waveform. Default: 80.")
  double snr = DEFAULTS.snrDecibels();

  @Option(names = "--margin-scale", paramLabel = "X", description = "Factor on the margins above which the choice of an id counts as firm. Default: 1.")
  double marginScale = DEFAULTS.marginScale();

  @Option(names = "--probability", paramLabel = "X", description = "Largest error of a sampling probability. Default: 1e-5.")
  double probability = DEFAULTS.probability();

  int run(Path model, Path goldens, int threads, VerifyCommand.Report report) throws IOException {
    VerifyOptions options = options(threads);
    if (!Files.exists(model)) {
      throw new GpaIoException(model + ": no such model file or checkpoint folder");
    }
    if (report.hasFile()) {
      Outputs.check(spec, report.json(), model, goldens.resolve("summary.json"));
    }
    PrintWriter out = spec.commandLine().getOut();
    VerifyReport result;
    try (ConversionProgress listener = new ConversionProgress(spec.commandLine().getErr(), "convert")) {
      result = Verifier.verify(model, goldens, options, listener, report.hasTable() ? rows(out) : stage -> {});
    }
    if (report.hasTable()) {
      long failed = result.stages().stream().filter(stage -> !stage.passed()).count();
      String gaps = result.gaps().isEmpty() ? "" : "; golden files that were not compared: " + result.gaps().size();
      out.println((result.passed() ? "PASS: " + result.stages().size() + " stages" : "FAIL: " + failed + " of " + result.stages().size() + " stages")
          + gaps);
    } else {
      out.println(result.toJson());
    }
    if (report.hasFile()) {
      ResultFile.replace(report.json(), file -> Files.writeString(file, result.toJson() + "\n"));
    }
    return result.passed() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private VerifyOptions options(int threads) {
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
}
