package io.gpa4j.conversion;

import io.gpa4j.ElementType;
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

/** A model file read naively, apart from the code under test. */
record GgufContent(Map<String, Object> metadata, Map<String, Tensors> tensors, Map<String, Integer> types, Map<String, byte[]> data) {
  static GgufContent read(Path path) {
    try {
      return new Parser(ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN)).parse();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record Parser(ByteBuffer in) {
    GgufContent parse() {
      if (in.getInt() != 0x46554747 || in.getInt() != 3) {
        throw new IllegalArgumentException("no GGUF 3");
      }
      long tensorCount = in.getLong();
      long valueCount = in.getLong();
      Map<String, Object> metadata = new LinkedHashMap<>();
      for (long i = 0; i < valueCount; i++) {
        metadata.put(text(), value(in.getInt()));
      }
      Map<String, long[]> shapes = new LinkedHashMap<>();
      Map<String, Integer> types = new LinkedHashMap<>();
      Map<String, Long> offsets = new LinkedHashMap<>();
      for (long i = 0; i < tensorCount; i++) {
        String name = text();
        long[] shape = new long[in.getInt()];
        for (int d = shape.length - 1; d >= 0; d--) {
          shape[d] = in.getLong();
        }
        shapes.put(name, shape);
        types.put(name, in.getInt());
        offsets.put(name, in.getLong());
      }
      int alignment = (int) metadata.getOrDefault("general.alignment", 32);
      int data = (in.position() + alignment - 1) / alignment * alignment;
      Map<String, Tensors> tensors = new LinkedHashMap<>();
      Map<String, byte[]> bytes = new LinkedHashMap<>();
      shapes.forEach((name, shape) -> {
        ElementType type = ElementType.of(types.get(name)).orElseThrow();
        bytes.put(name, bytes(shape, type, data + Math.toIntExact(offsets.get(name)), alignment));
        tensors.put(name, new Tensors(shape, Elements.decode(bytes.get(name), type)));
      });
      return new GgufContent(metadata, tensors, types, bytes);
    }

    private byte[] bytes(long[] shape, ElementType type, int position, int alignment) {
      if (position % alignment != 0) {
        throw new IllegalArgumentException("data at " + position);
      }
      long count = 1;
      for (long extent : shape) {
        count *= extent;
      }
      byte[] bytes = new byte[Math.toIntExact(type.bytes(count))];
      in.position(position).get(bytes);
      return bytes;
    }

    private Object value(int type) {
      return switch (type) {
        case 4, 5 -> in.getInt();
        case 6 -> in.getFloat();
        case 7 -> in.get() != 0;
        case 8 -> text();
        case 9 -> {
          int element = in.getInt();
          long count = in.getLong();
          List<Object> list = new ArrayList<>();
          for (long i = 0; i < count; i++) {
            list.add(value(element));
          }
          yield list;
        }
        default -> throw new IllegalArgumentException("value type " + type);
      };
    }

    private String text() {
      byte[] bytes = new byte[Math.toIntExact(in.getLong())];
      in.get(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
