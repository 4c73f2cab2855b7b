package io.gpa4j.checkpoint;

import io.gpa4j.conversion.ElementTypes;
import java.nio.ByteBuffer;
import java.util.Locale;

/** Element types that checkpoints store. Only the floating ones can be read as numbers; the others are known for their size. */
public enum StoredType {
  F64(8, true),
  F32(4, true),
  F16(2, true),
  BF16(2, true),
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

  private final int bytes;
  private final boolean floating;

  StoredType(int bytes, boolean floating) {
    this.bytes = bytes;
    this.floating = floating;
  }

  /** Bytes of an element. */
  public int bytes() {
    return bytes;
  }

  /** Whether elements can be decoded to floats. */
  public boolean isFloating() {
    return floating;
  }

  /** The type that safetensors calls so, or null. */
  static StoredType ofSafetensors(String name) {
    for (StoredType type : values()) {
      if (type.name().equals(name)) {
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

  /** Decodes count little-endian elements from the buffer's position on. Doubles are rounded to nearest. */
  void decode(ByteBuffer from, float[] to, int at, int count) {
    switch (this) {
      case F64 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = (float) from.getDouble();
        }
      }
      case F32 -> from.asFloatBuffer().get(to, at, count);
      case F16 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = ElementTypes.fromHalf(from.getShort());
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = Float.intBitsToFloat(from.getShort() << 16);
        }
      }
      default -> throw new IllegalStateException(this + " is no floating type");
    }
  }
}
