package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import io.gpa4j.gguf.GgufTensor;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which types the weights of a model file get.
 *
 * @param recipe the mix
 * @param decoderRecipe the decoder's, if another; null: the same
 * @param overrides types for single weights; of those that match one the last counts
 * @param importance of the weights' columns when they are quantised; null: all weigh the same
 */
public record WeightTypes(Recipe recipe, Recipe decoderRecipe, List<TypeOverride> overrides, Importance importance) {
  private static final String DECODER = "decoder.";
  private static final Pattern BLOCK = Pattern.compile("([^.]+)\\.blk\\.(\\d{1,6})\\..*");

  /** Checks the patterns and copies the list. */
  public WeightTypes {
    Objects.requireNonNull(recipe, "recipe");
    decoderRecipe = decoderRecipe == null ? recipe : decoderRecipe;
    overrides = List.copyOf(overrides);
    overrides.forEach(override -> NamePattern.of(override.pattern()));
  }

  /** A recipe for all. */
  public static WeightTypes of(Recipe recipe) {
    return new WeightTypes(recipe, null, List.of(), null);
  }

  /** What the model card says of them. */
  String describe() {
    StringBuilder text = new StringBuilder(recipe.label());
    if (decoderRecipe != recipe) {
      text.append(", decoder ").append(decoderRecipe.label());
    }
    overrides.forEach(override -> text.append(", ").append(override));
    return text.append(importance == null ? "" : ", by importance").toString();
  }

  /**
   * Chooses the types of all tensors of a file.
   *
   * @param rows the tensors
   * @param warn hears of overrides that a tensor's width does not allow
   * @return in the same order
   * @throws IllegalArgumentException if an override finds no weight, or the importance knows none
   * @throws io.gpa4j.ModelFormatException if the importance does not fit a weight
   */
  List<GgufTensor> of(List<Mapping> rows, Consumer<String> warn) {
    Map<String, Integer> blocks = blocks(rows);
    List<Overriding> overriding = overrides.stream().map(Overriding::new).toList();
    List<GgufTensor> tensors = rows.stream().map(row -> choose(row, partOf(row.target(), blocks), overriding)).toList();
    overriding.forEach(override -> override.check(rows, warn));
    checkImportance(tensors);
    return tensors;
  }

  private static Map<String, Integer> blocks(List<Mapping> rows) {
    Map<String, Integer> blocks = new HashMap<>();
    for (Mapping row : rows) {
      Matcher block = BLOCK.matcher(row.target());
      if (block.matches()) {
        blocks.merge(block.group(1), Integer.parseInt(block.group(2)) + 1, Math::max);
      }
    }
    return blocks;
  }

  private static ModelPart partOf(String name, Map<String, Integer> blocks) {
    Matcher block = BLOCK.matcher(name);
    return block.matches() ? ModelPart.of(name, Integer.parseInt(block.group(2)), blocks.get(block.group(1))) : ModelPart.of(name, 0, 1);
  }

  private GgufTensor choose(Mapping row, ModelPart part, List<Overriding> overriding) {
    if (part == null) {
      return new GgufTensor(row.target(), ElementType.F32, row.shape());
    }
    ElementType wanted = part.type(row.target().startsWith(DECODER) ? decoderRecipe : recipe);
    Overriding last = null;
    for (Overriding override : overriding) {
      if (override.pattern.matches(row.target())) {
        wanted = override.type;
        last = override;
        override.found++;
      }
    }
    ElementType type = Recipe.fitting(wanted, row.shape().get(row.shape().size() - 1));
    if (last != null && type != wanted) {
      last.others.merge(type, 1, Integer::sum);
    }
    return new GgufTensor(row.target(), type, row.shape());
  }

  private void checkImportance(List<GgufTensor> tensors) {
    if (importance != null && tensors.stream().filter(t -> t.type().isQuantized() && importance.of(t.name(), t.row()) != null).count() == 0) {
      throw new IllegalArgumentException(importance.path() + ": says nothing of any weight that is quantised");
    }
  }

  /** An override at work. */
  private static final class Overriding {
    private final String text;
    private final NamePattern pattern;
    private final ElementType type;
    private final Map<ElementType, Integer> others = new EnumMap<>(ElementType.class);
    private int found;

    Overriding(TypeOverride override) {
      this.text = override.toString();
      this.pattern = NamePattern.of(override.pattern());
      this.type = override.type();
    }

    void check(List<Mapping> rows, Consumer<String> warn) {
      if (found == 0) {
        throw new IllegalArgumentException("'" + text + "' finds no weight: " + rows.stream().map(Mapping::target).filter(pattern::matches)
            .findFirst().map(name -> name + " is always F32").orElse("there is no such tensor"));
      }
      others.forEach((other, count) -> warn.accept("'" + text + "': of " + found + " weights " + count + " become " + other
          + ", as blocks of " + type.blockElements() + " do not divide their rows"));
    }
  }
}
