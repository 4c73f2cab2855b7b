package io.gpa4j.cli;

import io.gpa4j.Precision;
import io.gpa4j.quality.ModelQuality;
import io.gpa4j.quality.Quality;
import io.gpa4j.quality.QualityOptions;
import io.gpa4j.quality.QualityReport;
import io.gpa4j.report.ResultFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The part of {@code gpa verify} that compares models with a reference model. */
final class ReferenceComparison {
  /** Options that it alone obeys. */
  static final List<String> OPTIONS = List.of("--clips", "--plot", "--seeds", "--repetition-penalty", "--precision");

  private static final int MAX_SEEDS = 1000;

  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = "--clips", paramLabel = "DIR",
      description = {"Recordings to compare on: those that DIR/clips.json lists, with their texts for word error rates, or else DIR/*.wav.",
          "DIR/voices/*.wav are the voices to speak with."})
  Path clips;

  @Option(names = "--plot", paramLabel = "FILE.png", description = "A picture of size and quality: decoder and codec, one point a model.")
  Path plot;

  private int seeds = QualityOptions.defaults().seeds();

  @Option(names = "--seeds", paramLabel = "N",
      description = {"How many times, with other draws and voices, each text is spoken and each clip converted for word error rates.", "Default: 3."})
  void seeds(int value) {
    if (value < 1 || value > MAX_SEEDS) {
      throw new ParameterException(spec.commandLine(), "--seeds is " + value + ", expected 1 to " + MAX_SEEDS);
    }
    seeds = value;
  }

  private float repetitionPenalty;

  @Option(names = "--repetition-penalty", paramLabel = "R", 
      description = "Of the draws for that speech, as for gpa tts. Default: the model's, usually 1.2.")
  void repetitionPenalty(float value) {
    if (!(value > 0) || Float.isInfinite(value)) {
      throw new ParameterException(spec.commandLine(), "--repetition-penalty is " + value + ", expected above 0");
    }
    repetitionPenalty = value;
  }

  @Option(names = "--precision", paramLabel = "exact|fast", defaultValue = "exact",
      description = "Of the models' audio networks with quantised weights; fast rounds their activations to int8. Default: ${DEFAULT-VALUE}.")
  Precision precision;

  int run(List<Path> models, Path reference, int threads, VerifyCommand.Report report) throws IOException {
    ModelOptions.checkFile(reference, "model file");
    if (models.size() == 1) {
      ModelOptions.checkFile(models.get(0), "model file");
    }
    checkOutputs(models, reference, report);
    PrintWriter out = spec.commandLine().getOut();
    QualityReport result;
    try (ProgressBar progress = new ProgressBar(spec.commandLine().getErr(), "verify")) {
      Consumer<ModelQuality> told = tell(out, progress, models.size() == 1, report.hasTable());
      result = Quality.compare(models, reference, new QualityOptions(clips, seeds, repetitionPenalty, precision, threads), progress::update, told);
    }
    if (!report.hasTable()) {
      out.println(result.toJson());
    } else if (!result.compared().isEmpty()) {
      out.println(result.toTable());
    }
    if (report.hasFile()) {
      ResultFile.replace(report.json(), file -> Files.writeString(file, result.toJson() + "\n"));
    }
    if (plot != null && !result.compared().isEmpty()) {
      QualityPlot.write(result, plot);
    }
    return result.compared().size() == models.size() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private void checkOutputs(List<Path> models, Path reference, VerifyCommand.Report report) {
    List<Path> inputs = new ArrayList<>(models);
    inputs.add(reference);
    if (clips != null) {
      inputs.add(clips.resolve("clips.json"));
    }
    if (report.hasFile()) {
      Outputs.check(spec, report.json(), inputs.toArray(Path[]::new));
    }
    if (plot != null) {
      Outputs.check(spec, plot, inputs.toArray(Path[]::new));
      if (report.hasFile() && plot.toAbsolutePath().normalize().equals(report.json().toAbsolutePath().normalize())) {
        throw new ParameterException(spec.commandLine(), plot + " cannot be both the plot and the JSON");
      }
    }
  }

  // Of several models one that cannot be compared is told, and the others go on.
  private static Consumer<ModelQuality> tell(PrintWriter out, ProgressBar progress, boolean alone, boolean table) {
    return model -> {
      if (model.error() != null && alone) {
        throw model.error();
      }
      if (model.error() != null) {
        progress.say("gpa: " + Errors.oneLine(model.error()));
      } else if (table) {
        out.println(model.toText());
        out.println();
        out.flush();
      }
    };
  }
}
