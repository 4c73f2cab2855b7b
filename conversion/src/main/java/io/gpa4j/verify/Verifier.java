package io.gpa4j.verify;

import io.gpa4j.CancelledException;
import io.gpa4j.ElementType;
import io.gpa4j.Gpa;
import io.gpa4j.GpaException;
import io.gpa4j.GpaIoException;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.Converter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/** Runs a model on golden inputs and compares every stage with what the reference computed. */
public final class Verifier {
  private Verifier() {}

  /**
   * Verifies a model.
   *
   * @param model a model file, or a checkpoint folder, which is converted to a temporary F32 file first
   * @param goldens a folder in the golden format; what it holds is compared, whatever its shapes
   * @param options the bounds
   * @param listener hears of the conversion, and of golden files that are missing
   * @param onResult takes every stage as soon as it is done
   * @return all stages
   * @throws GpaIoException if a file cannot be read
   * @throws CancelledException if the thread is interrupted
   * @throws io.gpa4j.ModelFormatException if the model or the goldens are not well-formed
   */
  public static VerifyReport verify(
      Path model, Path goldens, VerifyOptions options, ConversionListener listener, Consumer<StageResult> onResult) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(goldens, "goldens");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(listener, "listener");
    Objects.requireNonNull(onResult, "onResult");
    Goldens folder = new Goldens(goldens);
    folder.gaps().forEach(listener::warned);
    if (!Files.isDirectory(model)) {
      return report(model, model, goldens, folder, options, onResult);
    }
    Path temporary = null;
    try {
      temporary = Files.createTempFile("gpa-verify", ".gguf");
      // For the case that the process is ended meanwhile.
      temporary.toFile().deleteOnExit();
      Converter.convert(model, temporary, ConversionOptions.of(ElementType.F32), listener);
      return report(model, temporary, goldens, folder, options, onResult);
    } catch (IOException e) {
      throw new GpaIoException("no temporary file for the converted model: " + e, e);
    } finally {
      delete(temporary);
    }
  }

  private static VerifyReport report(
      Path model, Path file, Path goldens, Goldens folder, VerifyOptions options, Consumer<StageResult> onResult) {
    return new VerifyReport(model, goldens, options, folder.gaps(), run(file, folder, options, onResult));
  }

  private static void delete(Path temporary) {
    try {
      if (temporary != null) {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      // It is tried again when the process ends.
    }
  }

  private static List<StageResult> run(Path model, Goldens goldens, VerifyOptions options, Consumer<StageResult> onResult) {
    List<StageResult> results = new ArrayList<>();
    Consumer<Stage> done = stage -> {
      if (!stage.isEmpty()) {
        StageResult result = stage.result();
        results.add(result);
        onResult.accept(result);
      }
    };
    try (Gpa gpa = Gpa.builder(model).threads(options.threads()).build()) {
      new AudioStages(gpa.networks(), goldens, options).run(done);
      new DecoderStages(gpa, goldens, options).run(done);
      tokenization(gpa, goldens, options, done);
    }
    return results;
  }

  private static void tokenization(Gpa gpa, Goldens goldens, VerifyOptions options, Consumer<Stage> done) {
    Stage stage = new Stage("tokenization", "golden", options);
    try {
      for (Goldens.Line line : goldens.tokenization()) {
        String label = "\"" + (line.text().length() > 24 ? line.text().substring(0, 24) + "…" : line.text()) + "\"";
        if (line.ids() != null) {
          stage.ids(label + " ids", gpa.encode(line.text(), true), line.ids(), null, 0);
        }
        if (line.plainIds() != null) {
          stage.ids(label + " plain_ids", gpa.encode(line.text(), false), line.plainIds(), null, 0);
        }
      }
    } catch (CancelledException e) {
      throw e;
    } catch (GpaException e) {
      stage.fail(e.getMessage());
    }
    done.accept(stage);
  }
}
