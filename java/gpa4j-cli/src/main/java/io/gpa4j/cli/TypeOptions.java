package io.gpa4j.cli;

import io.gpa4j.conversion.Importance;
import io.gpa4j.conversion.Recipe;
import io.gpa4j.conversion.TypeOverride;
import io.gpa4j.conversion.WeightTypes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Options that say which types the weights of a model file get. */
final class TypeOptions {
  @Option(names = {"-t", "--type"}, paramLabel = "TYPE", converter = Values.RecipeName.class, completionCandidates = Values.RecipeName.class,
      description = "Mix of types for the weights: ${COMPLETION-CANDIDATES}. docs/model-file.md says which tensor gets what.")
  private Recipe type;

  @Option(names = "--decoder-type", paramLabel = "TYPE", converter = Values.RecipeName.class, description = "Another mix for the decoder.")
  private Recipe decoderType;

  @Option(names = "--tensor", paramLabel = "PATTERN=TYPE", converter = Values.Overriding.class,
      description = {"Type for the weights whose names match, as in 'decoder.*.ffn_down=q6_k'; * is any run of characters. Repeatable,"
          + " the last match counts. Types: f32, f16, bf16, q8_0, q6_k, q5_k, q4_k, q4_0, iq4_nl."})
  private List<TypeOverride> overrides = new ArrayList<>();

  @Option(names = "--importance", paramLabel = "GGUF",
      description = "How much the columns of the weights matter (as llama.cpp's imatrix), to quantise by.")
  private Path importance;

  boolean hasType() {
    return type != null;
  }

  /** Whether nothing but --type is given, if that. */
  boolean isRecipeAlone() {
    return decoderType == null && overrides.isEmpty() && importance == null;
  }

  Recipe recipe(Recipe otherwise) {
    return type == null ? otherwise : type;
  }

  WeightTypes types(Recipe otherwise) {
    return new WeightTypes(recipe(otherwise), decoderType, overrides, importance == null ? null : Importance.read(importance));
  }
}
