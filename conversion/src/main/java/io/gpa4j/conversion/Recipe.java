package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** A mix of types for the weights of a model; {@link ModelPart} is the table of who gets which. */
public enum Recipe {
  /** Binary32. */
  F32(0),
  /** Binary16. */
  F16(1),
  /** Bfloat16. */
  BF16(32),
  /** 8.5 bits a weight: hardly to be told from F16. */
  Q8_0(7),
  /** 6.6 bits a weight. */
  Q6_K(18),
  /** 5.5 bits a weight, and more where it helps most. */
  Q5_K_M(17),
  /** 4.5 bits a weight, and more where it helps most. */
  Q4_K_M(15),
  /** 4.5 bits a weight, the plainest blocks. */
  Q4_0(2),
  /** 4.5 bits a weight, with uneven levels. */
  IQ4_NL(25);

  private final int fileType;

  Recipe(int fileType) {
    this.fileType = fileType;
  }

  /**
   * The recipe of a name, in any case.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Recipe of(String name) {
    Objects.requireNonNull(name, "name");
    return Arrays.stream(values()).filter(recipe -> recipe.label().equals(name.toLowerCase(Locale.ROOT))).findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no type '" + name + "'; choose one of " + String.join(", ", labels())));
  }

  /**
   * The recipe that is named after a type.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Recipe of(ElementType type) {
    return of(Objects.requireNonNull(type, "type").name());
  }

  /** All names. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(Recipe::label).toList();
  }

  /** Its name as users write it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** GGUF's number for a file of this mix ({@code general.file_type}). */
  public int fileType() {
    return fileType;
  }

  /**
   * The type that a row of so many elements can have: the wanted one, or, where its blocks do not divide the row, the next one of
   * Q6_K, Q5_K → Q8_0 → F16; Q4_K → IQ4_NL → F16; Q4_0 → F16.
   */
  static ElementType fitting(ElementType wanted, long row) {
    ElementType type = wanted;
    // A row is encoded in one piece, and memory is bounded.
    while (type.isQuantized() && (row % type.blockElements() != 0 || row > Transform.BLOCK_ELEMENTS)) {
      type = switch (type) {
        case Q6_K, Q5_K -> ElementType.Q8_0;
        case Q4_K -> ElementType.IQ4_NL;
        default -> ElementType.F16;
      };
    }
    return type;
  }
}
