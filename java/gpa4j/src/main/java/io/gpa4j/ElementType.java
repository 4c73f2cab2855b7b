package io.gpa4j;

import io.gpa4j.internal.NativeElements;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/**
 * Element types of tensors in a model file that this library computes with. The quantised ones hold a row in blocks of so many
 * consecutive elements, so that sizes are those of blocks.
 *
 * <pre>{@code
 * long bytes = ElementType.Q8_0.bytes(768 * 2304);  // of a matrix whose rows are whole blocks
 * int bits = 8 * ElementType.Q4_K.blockBytes() / ElementType.Q4_K.blockElements();
 * }</pre>
 */
public enum ElementType {
  /** IEEE 754 binary32. */
  F32(0, 1, 4),
  /** IEEE 754 binary16. */
  F16(1, 1, 2),
  /** 4 bits: 16 even levels, a scale for 32 elements. */
  Q4_0(2, 32, 18),
  /** 8 bits, a scale for 32 elements. */
  Q8_0(8, 32, 34),
  /** 4 bits, a scale and a minimum for 32 elements, those scaled for 256. */
  Q4_K(12, 256, 144),
  /** 5 bits, otherwise as Q4_K. */
  Q5_K(13, 256, 176),
  /** 6 bits, a scale for 16 elements, those scaled for 256. */
  Q6_K(14, 256, 210),
  /** 4 bits: 16 uneven levels, a scale for 32 elements. */
  IQ4_NL(20, 32, 18),
  /** 32-bit signed integer. */
  I32(26, 1, 4),
  /** The upper half of a binary32. */
  BF16(30, 1, 2);

  private final int id;
  private final int blockElements;
  private final int blockBytes;

  ElementType(int id, int blockElements, int blockBytes) {
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /**
   * The type that GGUF numbers so.
   *
   * @param id the type id in model files
   * @return empty if this library does not compute with it
   */
  public static Optional<ElementType> of(int id) {
    return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
  }

  /**
   * GGUF's number of it.
   *
   * @return the type id in model files
   */
  public int id() {
    return id;
  }

  /**
   * Elements of a block; a row holds whole blocks.
   *
   * @return 1, 32 or 256
   */
  public int blockElements() {
    return blockElements;
  }

  /**
   * Size of a block.
   *
   * @return bytes
   */
  public int blockBytes() {
    return blockBytes;
  }

  /**
   * Whether several elements share a scale.
   *
   * @return false for floats and integers
   */
  public boolean isQuantized() {
    return blockElements > 1;
  }

  /**
   * Size of so many consecutive elements.
   *
   * @param elements a multiple of {@link #blockElements()}
   * @return bytes
   * @throws IllegalArgumentException if they are no whole blocks
   * @throws ArithmeticException if they are too many
   */
  public long bytes(long elements) {
    if (elements < 0 || elements % blockElements != 0) {
      throw new IllegalArgumentException(elements + " elements are no whole blocks of " + this + " (" + blockElements + ")");
    }
    return Math.multiplyExact(elements / blockElements, (long) blockBytes);
  }

  /**
   * Converts elements by the engine's own code: to F16 and BF16 rounding to nearest even, to a quantised type as
   * {@link #quantize} does without importance.
   *
   * @param source direct buffer; elements from its position on, little-endian
   * @param to the type to make: any but I32
   * @param target direct buffer that does not overlap with the source; written from its position on
   * @param count elements: whole blocks of both types
   * @throws IllegalArgumentException if a buffer is not direct or too short, or a type cannot be converted
   */
  public void convert(ByteBuffer source, ElementType to, ByteBuffer target, long count) {
    Objects.requireNonNull(to, "to");
    check(source, "source", bytes(count));
    checkTarget(target, to.bytes(count));
    if (count > 0) {
      NativeElements.convert(id, source, to.id, target, count);
    }
  }

  /**
   * Encodes rows of floats to this quantised type by the engine's own code. A row's bytes depend on the row alone.
   *
   * @param source direct buffer; rows * cols finite floats from its position on, little-endian
   * @param rows number of rows
   * @param cols length of a row: whole blocks
   * @param importance direct buffer of cols floats, each at least 0 and finite: how much an error in a column weighs; null: all weigh the
   *     same
   * @param target direct buffer that does not overlap with the others; written from its position on
   * @throws IllegalArgumentException if a buffer is not direct or too short, a value is not finite, or this type is not quantised
   */
  public void quantize(ByteBuffer source, long rows, long cols, ByteBuffer importance, ByteBuffer target) {
    if (!isQuantized()) {
      throw new IllegalArgumentException(this + " is no quantised type");
    }
    if (rows < 0) {
      throw new IllegalArgumentException("rows is " + rows + ", expected 0 or more");
    }
    long bytes = Math.multiplyExact(rows, bytes(cols));
    check(source, "source", Math.multiplyExact(Math.multiplyExact(rows, cols), (long) Float.BYTES));
    checkTarget(target, bytes);
    if (importance != null) {
      check(importance, "importance", cols * Float.BYTES);
    }
    if (bytes > 0) {
      NativeElements.quantize(id, floats(source), rows, cols, importance == null ? null : floats(importance), target);
    }
  }

  private static ByteBuffer floats(ByteBuffer buffer) {
    return buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void checkTarget(ByteBuffer target, long needed) {
    check(target, "target", needed);
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target is read-only");
    }
  }

  private static void check(ByteBuffer buffer, String what, long needed) {
    Objects.requireNonNull(buffer, what);
    if (!buffer.isDirect()) {
      throw new IllegalArgumentException(what + " is no direct buffer");
    }
    if (buffer.remaining() < needed) {
      throw new IllegalArgumentException(what + " has " + buffer.remaining() + " bytes left, " + needed + " are needed");
    }
  }
}
