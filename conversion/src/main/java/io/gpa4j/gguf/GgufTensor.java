package io.gpa4j.gguf;

import io.gpa4j.ElementType;
import io.gpa4j.checkpoint.StoredTensor;
import java.util.List;

/**
 * A tensor of a GGUF file to be written.
 *
 * @param name its name
 * @param type how its elements are stored
 * @param shape outermost first, 1 to 4 extents; the last one is whole blocks of the type
 */
public record GgufTensor(String name, ElementType type, List<Long> shape) {
  /** Checks rank and extents. */
  public GgufTensor {
    shape = List.copyOf(shape);
    if (shape.isEmpty() || shape.size() > 4 || shape.stream().anyMatch(extent -> extent < 1)) {
      throw new IllegalArgumentException(name + " has shape " + shape + ", expected 1 to 4 positive extents");
    }
    if (row(shape) % type.blockElements() != 0) {
      throw new IllegalArgumentException(name + " has rows of " + row(shape) + ", no whole blocks of " + type);
    }
  }

  /** Elements in all. */
  public long elements() {
    return StoredTensor.elements(shape.stream().mapToLong(Long::longValue).toArray());
  }

  /** Elements of a row: the last extent. */
  public long row() {
    return row(shape);
  }

  private static long row(List<Long> shape) {
    return shape.get(shape.size() - 1);
  }

  /** Bytes of its data. */
  public long bytes() {
    return type.bytes(elements());
  }
}
