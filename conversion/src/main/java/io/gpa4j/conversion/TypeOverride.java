package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * A type for some weights instead of the recipe's.
 *
 * @param pattern of tensor names: {@code *} is any run of characters, {@code ?} any one; a trailing {@code .weight} may be left out
 * @param type any but I32
 */
public record TypeOverride(String pattern, ElementType type) {
  static final List<ElementType> TYPES = List.of(ElementType.F32, ElementType.F16, ElementType.BF16, ElementType.Q8_0, ElementType.Q6_K,
      ElementType.Q5_K, ElementType.Q4_K, ElementType.Q4_0, ElementType.IQ4_NL);

  /** Checks the type. */
  public TypeOverride {
    Objects.requireNonNull(pattern, "pattern");
    if (!TYPES.contains(Objects.requireNonNull(type, "type"))) {
      throw new IllegalArgumentException("weights cannot be " + type + "; choose one of " + typeNames());
    }
  }

  /**
   * Reads {@code PATTERN=TYPE}.
   *
   * @throws IllegalArgumentException if it is no such thing
   */
  public static TypeOverride parse(String text) {
    int equals = text.lastIndexOf('=');
    if (equals < 1) {
      throw new IllegalArgumentException("'" + text + "' is no PATTERN=TYPE, as in 'decoder.*.ffn_down=q6_k'");
    }
    String name = text.substring(equals + 1);
    for (ElementType type : TYPES) {
      if (type.name().equalsIgnoreCase(name)) {
        return new TypeOverride(text.substring(0, equals), type);
      }
    }
    throw new IllegalArgumentException("'" + text + "': there is no type '" + name + "'; choose one of " + typeNames());
  }

  private static String typeNames() {
    return String.join(", ", TYPES.stream().map(type -> type.name().toLowerCase(Locale.ROOT)).toList());
  }

  /** {@code PATTERN=TYPE}. */
  @Override
  public String toString() {
    return pattern + "=" + type.name().toLowerCase(Locale.ROOT);
  }
}
