package io.gpa4j.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Key-value pairs of a GGUF file in order, with the types that GGUF gives them. Not thread-safe. */
public final class GgufMetadata {
  private static final int U32 = 4;
  private static final int I32 = 5;
  private static final int F32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  private final Map<String, byte[]> encoded = new LinkedHashMap<>();

  /** Adds an unsigned 32-bit number. */
  public GgufMetadata u32(String key, long value) {
    if (value < 0 || value > 0xFFFFFFFFL) {
      throw new IllegalArgumentException(key + " is " + value + ", which is no unsigned 32-bit number");
    }
    return put(key, U32, ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt((int) value).array());
  }

  /** Adds a float. */
  public GgufMetadata f32(String key, double value) {
    return put(key, F32, ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat((float) value).array());
  }

  /** Adds a boolean. */
  public GgufMetadata bool(String key, boolean value) {
    return put(key, BOOL, new byte[] {(byte) (value ? 1 : 0)});
  }

  /** Adds a string. */
  public GgufMetadata string(String key, String value) {
    return put(key, STRING, lengthAndBytes(value.getBytes(StandardCharsets.UTF_8)));
  }

  /** Adds a string given as UTF-8. */
  public GgufMetadata utf8(String key, byte[] value) {
    return put(key, STRING, lengthAndBytes(value));
  }

  /** Adds an array of 32-bit integers. */
  public GgufMetadata integers(String key, int... values) {
    ByteBuffer array = ByteBuffer.allocate(12 + 4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    array.putInt(I32).putLong(values.length);
    for (int value : values) {
      array.putInt(value);
    }
    return put(key, ARRAY, array.array());
  }

  /** Adds an array of strings. */
  public GgufMetadata strings(String key, List<String> values) {
    ByteArrayOutputStream array = new ByteArrayOutputStream();
    array.writeBytes(ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putInt(STRING).putLong(values.size()).array());
    values.forEach(value -> array.writeBytes(lengthAndBytes(value.getBytes(StandardCharsets.UTF_8))));
    return put(key, ARRAY, array.toByteArray());
  }

  int size() {
    return encoded.size();
  }

  /** Writes all pairs as a GGUF header holds them. */
  void encode(ByteArrayOutputStream out) {
    encoded.forEach((key, value) -> {
      out.writeBytes(lengthAndBytes(key.getBytes(StandardCharsets.UTF_8)));
      out.writeBytes(value);
    });
  }

  private GgufMetadata put(String key, int type, byte[] value) {
    byte[] typed = ByteBuffer.allocate(4 + value.length).order(ByteOrder.LITTLE_ENDIAN).putInt(type).put(value).array();
    if (encoded.putIfAbsent(key, typed) != null) {
      throw new IllegalStateException("metadata key " + key + " is given twice");
    }
    return this;
  }

  static byte[] lengthAndBytes(byte[] bytes) {
    return ByteBuffer.allocate(8 + bytes.length).order(ByteOrder.LITTLE_ENDIAN).putLong(bytes.length).put(bytes).array();
  }
}
