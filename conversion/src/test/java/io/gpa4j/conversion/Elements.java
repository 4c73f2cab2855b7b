package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Arrays to and from the bytes of a type; the engine's own tests say that its conversions are right. */
final class Elements {
  private Elements() {}

  static byte[] encode(float[] values, ElementType type) {
    ByteBuffer floats = direct(values.length * (long) Float.BYTES);
    floats.asFloatBuffer().put(values);
    ByteBuffer encoded = direct(type.bytes(values.length));
    ElementType.F32.convert(floats, type, encoded, values.length);
    return bytes(encoded);
  }

  static float[] decode(byte[] data, ElementType type) {
    float[] values = new float[data.length / type.blockBytes() * type.blockElements()];
    ByteBuffer floats = direct(values.length * (long) Float.BYTES);
    type.convert(direct(data.length).put(data).flip(), ElementType.F32, floats, values.length);
    floats.asFloatBuffer().get(values);
    return values;
  }

  /** The values that a type stores for others. */
  static float[] rounded(float[] values, ElementType type) {
    return decode(encode(values, type), type);
  }

  private static ByteBuffer direct(long bytes) {
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
