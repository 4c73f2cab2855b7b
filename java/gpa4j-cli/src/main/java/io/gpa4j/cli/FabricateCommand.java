package io.gpa4j.cli;

import io.gpa4j.ElementType;
import io.gpa4j.fabricate.FabricatedCheckpoint;
import io.gpa4j.fabricate.Fabricator;
import io.gpa4j.fabricate.ModelShape;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Writes a checkpoint or a model file of random weights. */
@Command(name = "fabricate", description = {"Write a checkpoint or model file of random weights, for tests and benchmarks.", ""},
    footer = {
      "",
      "  gpa fabricate --shape tiny -o tiny/                 a checkpoint folder as published",
      "  gpa fabricate --shape gpa-0.3b -o random.gguf       the model file that `gpa convert` would make of it"
    })
final class FabricateCommand implements Callable<Integer> {
  private static final String MODEL_SUFFIX = ".gguf";

  @Spec CommandSpec spec;

  @Option(names = "--shape", required = true, paramLabel = "SHAPE", converter = Shapes.class, completionCandidates = Shapes.class,
      description = "Sizes of the networks: ${COMPLETION-CANDIDATES}.")
  ModelShape shape;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "The same seed gives the same bytes. Default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(names = {"-o", "--output"}, required = true, paramLabel = "DIR|FILE.gguf",
      description = "A new checkpoint folder, or a model file to write or replace.")
  Path output;

  @Option(names = {"-t", "--type"}, paramLabel = "TYPE", converter = Values.WeightType.class, completionCandidates = Values.WeightType.class,
      description = "Type of the weights: ${COMPLETION-CANDIDATES}. Default: f16 in a model file, f32 in a folder.")
  ElementType type;

  @Override
  public Integer call() {
    FabricatedCheckpoint checkpoint = new FabricatedCheckpoint(shape, seed);
    try (ProgressListener listener = new ProgressListener(spec.commandLine().getErr(), "fabricate")) {
      if (output.toString().toLowerCase(Locale.ROOT).endsWith(MODEL_SUFFIX)) {
        Fabricator.writeModel(checkpoint, output, type == null ? ElementType.F16 : type, listener);
      } else {
        Fabricator.writeFolder(checkpoint, output, type == null ? ElementType.F32 : type, listener);
      }
    }
    spec.commandLine().getOut().println(output);
    return 0;
  }

  /** Reads and lists the shapes' names. */
  static final class Shapes implements ITypeConverter<ModelShape>, Iterable<String> {
    @Override
    public ModelShape convert(String name) {
      try {
        return ModelShape.of(name);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }

    @Override
    public Iterator<String> iterator() {
      return ModelShape.all().stream().map(ModelShape::name).iterator();
    }
  }
}
