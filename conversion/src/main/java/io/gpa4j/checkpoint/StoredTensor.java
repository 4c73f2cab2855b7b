package io.gpa4j.checkpoint;

import io.gpa4j.ModelFormatException;
import java.util.Arrays;

/** A tensor of a checkpoint, read piece by piece. Reads may happen from several threads at once. */
public abstract class StoredTensor {
  private final String file;
  private final String name;
  private final StoredType type;
  private final long[] shape;

  /** Makes one; the shape is outermost first and has no negative extents. */
  protected StoredTensor(String file, String name, StoredType type, long[] shape) {
    this.file = file;
    this.name = name;
    this.type = type;
    this.shape = shape.clone();
  }

  /** The file that holds it, for messages. */
  public String file() {
    return file;
  }

  /** Its name in the file. */
  public String name() {
    return name;
  }

  /** How its elements are stored. */
  public StoredType type() {
    return type;
  }

  /** Its shape, outermost first; a copy. */
  public long[] shape() {
    return shape.clone();
  }

  /** Elements in all. */
  public long elements() {
    return elements(shape);
  }

  /** Bytes that it takes in its file. */
  public long bytes() {
    return type.bytes(elements());
  }

  /**
   * Reads elements [first, first + count) in row-major order: of a quantised type, whole blocks.
   *
   * @throws ModelFormatException if one is NaN or infinite, or the type is no floating one
   * @throws io.gpa4j.GpaIoException if the file cannot be read
   */
  public final void read(long first, int count, float[] into, int at) {
    if (!type.isFloating()) {
      throw new ModelFormatException(file + ": tensor '" + name + "' has type " + type + ", expected a floating type");
    }
    if (first < 0 || count < 0 || first > elements() - count) {
      throw new IndexOutOfBoundsException("elements " + first + " + " + count + " of " + elements());
    }
    fetch(first, count, into, at);
    for (int i = at; i < at + count; i++) {
      if (!Float.isFinite(into[i])) {
        throw new ModelFormatException(
            file + ": tensor '" + name + "' holds " + into[i] + " at element " + (first + i - at) + "; weights must be finite numbers");
      }
    }
  }

  /** Reads checked elements. */
  protected abstract void fetch(long first, int count, float[] into, int at);

  /** Product of extents; {@link ModelFormatException} is for callers that read them, here an overflow is an ArithmeticException. */
  public static long elements(long[] shape) {
    long product = 1;
    for (long extent : shape) {
      product = Math.multiplyExact(product, extent);
    }
    return product;
  }

  @Override
  public String toString() {
    return name + " " + type + Arrays.toString(shape);
  }
}
