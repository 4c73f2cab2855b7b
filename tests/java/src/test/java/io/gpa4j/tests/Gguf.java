package io.gpa4j.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A GGUF file taken apart, to be put together otherwise. Deliberately not the library's own reader. */
final class Gguf {
  static final int COUNT_OF_TENSORS_AT = 8;
  static final int COUNT_OF_VALUES_AT = 16;
  private static final int ALIGNMENT = 64;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int[] VALUE_BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

  /** A tensor: dimensions as the file has them, innermost first. */
  record Tensor(int type, long[] dims, byte[] data) {}

  /** Metadata: type and content as they stand in the file. */
  final Map<String, byte[]> values = new LinkedHashMap<>();
  final Map<String, Tensor> tensors = new LinkedHashMap<>();
  /** Where the last {@link #bytes()} put a tensor's description: rank, dimensions, type, offset. */
  final Map<String, Integer> describedAt = new LinkedHashMap<>();

  static Gguf read(Path file) {
    try {
      return read(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Gguf read(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(8);
    Gguf file = new Gguf();
    int tensorCount = (int) in.getLong();
    int valueCount = (int) in.getLong();
    for (int i = 0; i < valueCount; i++) {
      String key = string(in);
      int begin = in.position();
      skipValue(in, in.getInt());
      byte[] raw = new byte[in.position() - begin];
      in.get(begin, raw);
      file.values.put(key, raw);
    }
    record Described(String name, int type, long[] dims, long offset) {}
    List<Described> described = new ArrayList<>();
    for (int i = 0; i < tensorCount; i++) {
      String name = string(in);
      long[] dims = new long[in.getInt()];
      for (int d = 0; d < dims.length; d++) {
        dims[d] = in.getLong();
      }
      described.add(new Described(name, in.getInt(), dims, in.getLong()));
    }
    int data = aligned(in.position());
    for (Described tensor : described) {
      long elements = 1;
      for (long dim : tensor.dims) {
        elements *= dim;
      }
      byte[] content = new byte[(int) elements * elementBytes(tensor.type)];
      in.get(data + (int) tensor.offset, content);
      file.tensors.put(tensor.name, new Tensor(tensor.type, tensor.dims, content));
    }
    return file;
  }

  /** The file, well-formed as far as its parts are. */
  byte[] bytes() {
    int size = 24;
    for (Map.Entry<String, byte[]> value : values.entrySet()) {
      size += 8 + utf8(value.getKey()).length + value.getValue().length;
    }
    for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
      size += 8 + utf8(tensor.getKey()).length + 4 + 8 * tensor.getValue().dims.length + 12;
    }
    int data = aligned(size);
    int end = data;
    for (Tensor tensor : tensors.values()) {
      end = aligned(end) + tensor.data.length;
    }
    ByteBuffer out = ByteBuffer.allocate(aligned(end)).order(ByteOrder.LITTLE_ENDIAN);
    out.put(utf8("GGUF")).putInt(3).putLong(tensors.size()).putLong(values.size());
    values.forEach((key, raw) -> put(out, key).put(raw));
    int at = data;
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      put(out, entry.getKey());
      describedAt.put(entry.getKey(), out.position());
      Tensor tensor = entry.getValue();
      out.putInt(tensor.dims.length);
      for (long dim : tensor.dims) {
        out.putLong(dim);
      }
      at = aligned(at);
      out.putInt(tensor.type).putLong(at - data);
      out.put(at, tensor.data);
      at += tensor.data.length;
    }
    return out.array();
  }

  void putU32(String key, int value) {
    values.put(key, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(4).putInt(value).array());
  }

  void putF32(String key, float value) {
    values.put(key, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(6).putFloat(value).array());
  }

  void putI32s(String key, int... elements) {
    ByteBuffer raw = ByteBuffer.allocate(16 + 4 * elements.length).order(ByteOrder.LITTLE_ENDIAN).putInt(ARRAY).putInt(5).putLong(elements.length);
    for (int element : elements) {
      raw.putInt(element);
    }
    values.put(key, raw.array());
  }

  void putStrings(String key, String... elements) {
    ByteBuffer raw = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN).putInt(ARRAY).putInt(STRING).putLong(elements.length);
    for (String element : elements) {
      put(raw, element);
    }
    values.put(key, java.util.Arrays.copyOf(raw.array(), raw.position()));
  }

  void putString(String key, String value) {
    byte[] text = utf8(value);
    values.put(key, ByteBuffer.allocate(12 + text.length).order(ByteOrder.LITTLE_ENDIAN).putInt(STRING).putLong(text.length).put(text).array());
  }

  static ByteBuffer edit(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int elementBytes(int type) {
    return switch (type) {
      case 0, 26 -> 4;
      case 1, 30 -> 2;
      default -> throw new IllegalArgumentException("type " + type);
    };
  }

  private static void skipValue(ByteBuffer in, int type) {
    if (type == STRING) {
      string(in);
    } else if (type == ARRAY) {
      int element = in.getInt();
      long count = in.getLong();
      for (long i = 0; i < count; i++) {
        skipValue(in, element);
      }
    } else {
      in.position(in.position() + VALUE_BYTES[type]);
    }
  }

  private static String string(ByteBuffer in) {
    byte[] text = new byte[(int) in.getLong()];
    in.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  private static ByteBuffer put(ByteBuffer out, String text) {
    byte[] bytes = utf8(text);
    return out.putLong(bytes.length).put(bytes);
  }

  private static int aligned(int position) {
    return (position + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
