package io.gpa4j.gguf;

import io.gpa4j.ModelFile;
import io.gpa4j.UnsupportedModelException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Key-value pairs of a GGUF file in order, with the types that GGUF gives them. Not thread-safe. */
public final class GgufMetadata {
  private static final int U8 = 0;
  private static final int I8 = 1;
  private static final int U16 = 2;
  private static final int I16 = 3;
  private static final int U32 = 4;
  private static final int I32 = 5;
  private static final int F32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int U64 = 10;
  private static final int I64 = 11;
  private static final int F64 = 12;
  private static final List<String> VALUE_TYPES =
      List.of("u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64");
  // Numbers come as doubles.
  private static final double MAX_EXACT = 0x1p53;

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

  /**
   * Adds a value of another file as it stands there.
   *
   * @throws UnsupportedModelException if it is an array of arrays, or an integer beyond 53 bits
   */
  public GgufMetadata copy(ModelFile file, ModelFile.Value value) {
    int type = VALUE_TYPES.indexOf(value.elementType());
    if (type < 0 || type == ARRAY) {
      throw new UnsupportedModelException(file.path() + ": metadata '" + value.key() + "' is of type " + value.elementType()
          + ", which cannot be copied");
    }
    ByteArrayOutputStream elements = new ByteArrayOutputStream();
    for (long i = 0; i < value.count(); i++) {
      elements.writeBytes(element(file, value.key(), i, type));
    }
    if (!value.isArray()) {
      return put(value.key(), type, elements.toByteArray());
    }
    byte[] head = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putInt(type).putLong(value.count()).array();
    return put(value.key(), ARRAY, ByteBuffer.allocate(head.length + elements.size()).put(head).put(elements.toByteArray()).array());
  }

  private static byte[] element(ModelFile file, String key, long index, int type) {
    if (type == STRING) {
      return lengthAndBytes(file.text(key, index).getBytes(StandardCharsets.UTF_8));
    }
    double number = file.number(key, index);
    boolean wide = type == U64 || type == I64;
    if (wide && Math.abs(number) > MAX_EXACT) {
      throw new UnsupportedModelException(file.path() + ": metadata '" + key + "' holds an integer beyond 53 bits, which cannot be copied");
    }
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case U8, I8, BOOL -> bytes.put((byte) number);
      case U16, I16 -> bytes.putShort((short) number);
      case F32 -> bytes.putFloat((float) number);
      case F64 -> bytes.putDouble(number);
      case U64, I64 -> bytes.putLong((long) number);
      default -> bytes.putInt((int) (long) number);
    }
    return Arrays.copyOf(bytes.array(), bytes.position());
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
