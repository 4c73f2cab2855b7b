package io.gpa4j.checkpoint;

import io.gpa4j.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;

/**
 * Element types that checkpoints and model files store. Only the floating ones, quantised or not, can be read as numbers; the others are
 * known for their size.
 */
public enum StoredType {
  F64(8, true),
  F32(ElementType.F32),
  F16(ElementType.F16),
  BF16(ElementType.BF16),
  Q8_0(ElementType.Q8_0),
  Q6_K(ElementType.Q6_K),
  Q5_K(ElementType.Q5_K),
  Q4_K(ElementType.Q4_K),
  Q4_0(ElementType.Q4_0),
  IQ4_NL(ElementType.IQ4_NL),
  I64(8, false),
  I32(4, false),
  I16(2, false),
  I8(1, false),
  U64(8, false),
  U32(4, false),
  U16(2, false),
  U8(1, false),
  BOOL(1, false),
  F8_E4M3(1, false),
  F8_E5M2(1, false);

  /** Elements that are decoded at a time, whole blocks of every type. */
  private static final int STEP = 1 << 15;
  private static final ThreadLocal<ByteBuffer> FLOATS =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(STEP * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN));

  private final int blockElements;
  private final int blockBytes;
  private final boolean floating;
  private final ElementType type;

  StoredType(int bytes, boolean floating) {
    this.blockElements = 1;
    this.blockBytes = bytes;
    this.floating = floating;
    this.type = null;
  }

  StoredType(ElementType type) {
    this.blockElements = type.blockElements();
    this.blockBytes = type.blockBytes();
    this.floating = true;
    this.type = type;
  }

  /** Elements of a block. */
  public int blockElements() {
    return blockElements;
  }

  /** Bytes of a block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Bytes of so many consecutive elements, which are whole blocks. */
  public long bytes(long elements) {
    if (elements % blockElements != 0) {
      throw new IllegalArgumentException(elements + " elements are no whole blocks of " + this);
    }
    return Math.multiplyExact(elements / blockElements, (long) blockBytes);
  }

  /** Whether elements can be decoded to floats. */
  public boolean isFloating() {
    return floating;
  }

  /** The type that safetensors calls so, or null. */
  static StoredType ofSafetensors(String name) {
    for (StoredType type : values()) {
      if (type.name().equals(name) && type.blockElements == 1) {
        return type;
      }
    }
    return null;
  }

  /** The type of a PyTorch storage class ({@code BFloat16Storage}), or null. */
  static StoredType ofTorchStorage(String className) {
    return switch (className.toLowerCase(Locale.ROOT)) {
      case "doublestorage" -> F64;
      case "floatstorage" -> F32;
      case "halfstorage" -> F16;
      case "bfloat16storage" -> BF16;
      case "longstorage" -> I64;
      case "intstorage" -> I32;
      case "shortstorage" -> I16;
      case "charstorage" -> I8;
      case "bytestorage" -> U8;
      case "boolstorage" -> BOOL;
      default -> null;
    };
  }

  /** Decodes count little-endian elements, whole blocks, from the direct buffer's position on. Doubles are rounded to nearest. */
  void decode(ByteBuffer from, float[] to, int at, int count) {
    if (this == F64) {
      for (int i = 0; i < count; i++) {
        to[at + i] = (float) from.getDouble();
      }
    } else if (type == ElementType.F32) {
      from.asFloatBuffer().get(to, at, count);
    } else if (type != null) {
      ByteBuffer floats = FLOATS.get();
      for (int done = 0; done < count; done += STEP) {
        int now = Math.min(STEP, count - done);
        type.convert(from, ElementType.F32, floats, now);
        from.position(from.position() + Math.toIntExact(bytes(now)));
        floats.asFloatBuffer().get(to, at + done, now);
      }
    } else {
      throw new IllegalStateException(this + " is no floating type");
    }
  }
}
