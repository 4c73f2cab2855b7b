package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import java.nio.ByteBuffer;

/** Conversion of floats to and from the 16-bit types, rounding to nearest, ties to even. NaN stays NaN, overflow becomes infinity. */
public final class ElementTypes {
  private static final int HALF_EXPONENT_SHIFT = 10;
  private static final int FLOAT_EXPONENT_SHIFT = 23;
  private static final int HALF_BIAS = 15;
  private static final int FLOAT_BIAS = 127;
  private static final int HALF_INFINITY = 0x7C00;

  private ElementTypes() {}

  /** The binary16 nearest to a float. */
  public static short toHalf(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) {
      return (short) (sign | HALF_INFINITY | 0x0200);
    }
    int exponent = (magnitude >>> FLOAT_EXPONENT_SHIFT) - FLOAT_BIAS + HALF_BIAS;
    if (exponent >= 31) {
      return (short) (sign | HALF_INFINITY);
    }
    int shift = FLOAT_EXPONENT_SHIFT - HALF_EXPONENT_SHIFT;
    int kept;
    if (exponent > 0) {
      kept = magnitude - (FLOAT_BIAS - HALF_BIAS << FLOAT_EXPONENT_SHIFT);
    } else {
      // Subnormal in binary16: the hidden one becomes visible and all shift further right.
      shift += 1 - exponent;
      if (shift > FLOAT_EXPONENT_SHIFT + 1) {
        return (short) sign;
      }
      kept = magnitude & 0x7FFFFF | 0x800000;
    }
    int half = kept >>> shift;
    int rest = kept & (1 << shift) - 1;
    int middle = 1 << shift - 1;
    if (rest > middle || rest == middle && (half & 1) != 0) {
      half++;
    }
    return (short) (sign | half);
  }

  /** The float that equals a binary16. */
  public static float fromHalf(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = half >>> HALF_EXPONENT_SHIFT & 0x1F;
    int fraction = half & 0x3FF;
    if (exponent == 0) {
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int shift = FLOAT_EXPONENT_SHIFT - HALF_EXPONENT_SHIFT;
    if (exponent == 31) {
      return Float.intBitsToFloat(sign | 0x7F800000 | fraction << shift);
    }
    return Float.intBitsToFloat(sign | exponent + FLOAT_BIAS - HALF_BIAS << FLOAT_EXPONENT_SHIFT | fraction << shift);
  }

  /** The bfloat16 nearest to a float. */
  public static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }

  /** The float that equals a bfloat16. */
  public static float fromBfloat16(short value) {
    return Float.intBitsToFloat(value << 16);
  }

  /**
   * Encodes count floats at the little-endian buffer's position.
   *
   * @return index of the first one whose magnitude is beyond the type (it would become infinite), or -1
   */
  static int encode(float[] from, int at, int count, ElementType type, ByteBuffer to) {
    switch (type) {
      case F32 -> {
        to.asFloatBuffer().put(from, at, count);
        to.position(to.position() + count * Float.BYTES);
      }
      case F16 -> {
        for (int i = at; i < at + count; i++) {
          short half = toHalf(from[i]);
          if ((half & HALF_INFINITY) == HALF_INFINITY) {
            return i;
          }
          to.putShort(half);
        }
      }
      case BF16 -> {
        for (int i = at; i < at + count; i++) {
          short value = toBfloat16(from[i]);
          if ((value & 0x7F80) == 0x7F80) {
            return i;
          }
          to.putShort(value);
        }
      }
      default -> throw new IllegalArgumentException(type + " is no type of weights");
    }
    return -1;
  }
}
