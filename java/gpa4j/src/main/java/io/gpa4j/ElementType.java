package io.gpa4j;

import io.gpa4j.internal.NativeElements;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Element types of tensors in a model file that this library computes with. */
public enum ElementType {
  /** IEEE 754 binary32. */
  F32(0, 4),
  /** IEEE 754 binary16. */
  F16(1, 2),
  /** 32-bit signed integer. */
  I32(26, 4),
  /** The upper half of a binary32. */
  BF16(30, 2);

  private final int id;
  private final int bytes;

  ElementType(int id, int bytes) {
    this.id = id;
    this.bytes = bytes;
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
   * Size of an element.
   *
   * @return bytes
   */
  public int bytes() {
    return bytes;
  }

  /**
   * Converts elements by the engine's own code, rounding to nearest even.
   *
   * @param source direct buffer; elements from its position on, little-endian
   * @param to the type to make: F32, F16 or BF16
   * @param target direct buffer that does not overlap with the source; written from its position on
   * @param count elements
   * @throws IllegalArgumentException if a buffer is not direct or too short, or a type cannot be converted
   */
  public void convert(ByteBuffer source, ElementType to, ByteBuffer target, long count) {
    Objects.requireNonNull(to, "to");
    if (count < 0) {
      throw new IllegalArgumentException("count is " + count + ", expected 0 or more");
    }
    check(source, "source", count * bytes);
    check(target, "target", count * to.bytes);
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target is read-only");
    }
    if (count > 0) {
      NativeElements.convert(id, source, to.id, target, count);
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
