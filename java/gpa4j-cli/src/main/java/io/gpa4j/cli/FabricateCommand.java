package io.gpa4j.cli;

import io.gpa4j.ElementType;
import io.gpa4j.conversion.Recipe;
import io.gpa4j.fabricate.FabricatedCheckpoint;
import io.gpa4j.fabricate.Fabricator;
import io.gpa4j.fabricate.ModelShape;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Writes a checkpoint or a model file of random weights. */
@Command(name = "fabricate", description = {"Write a checkpoint or model file of random weights, for tests and benchmarks.", ""},
    footer = {
      "",
      "Without --type a model file holds f16, a folder f32.",
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

  @Mixin TypeOptions types;

  @Override
  public Integer call() {
    FabricatedCheckpoint checkpoint = new FabricatedCheckpoint(shape, seed);
    try (ConversionProgress listener = new ConversionProgress(spec.commandLine().getErr(), "fabricate")) {
      if (output.toString().toLowerCase(Locale.ROOT).endsWith(MODEL_SUFFIX)) {
        Fabricator.writeModel(checkpoint, output, types.types(Recipe.F16), listener);
      } else {
        Fabricator.writeFolder(checkpoint, output, folderType(), listener);
      }
    }
    spec.commandLine().getOut().println(output);
    return 0;
  }

  private ElementType folderType() {
    Recipe recipe = types.recipe(Recipe.F32);
    for (ElementType type : List.of(ElementType.F32, ElementType.F16, ElementType.BF16)) {
      if (types.isRecipeAlone() && type.name().equals(recipe.name())) {
        return type;
      }
    }
    throw new ParameterException(spec.commandLine(), "a checkpoint folder holds f32, f16 or bf16 alone; other types want a .gguf file");
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
