package io.gpa4j.conversion;

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
record GgufContent(Map<String, Object> metadata, Map<String, Tensors> tensors, Map<String, Integer> types) {
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
      int data = (in.position() + 63) / 64 * 64;
      Map<String, Tensors> tensors = new LinkedHashMap<>();
      shapes.forEach((name, shape) -> tensors.put(name, tensor(shape, types.get(name), data + Math.toIntExact(offsets.get(name)))));
      return new GgufContent(metadata, tensors, types);
    }

    private Tensors tensor(long[] shape, int type, int position) {
      if (position % 64 != 0) {
        throw new IllegalArgumentException("data at " + position);
      }
      int count = 1;
      for (long extent : shape) {
        count *= (int) extent;
      }
      float[] values = new float[count];
      in.position(position);
      for (int i = 0; i < count; i++) {
        values[i] = type == 0 ? in.getFloat() : type == 1 ? ElementTypes.fromHalf(in.getShort()) : ElementTypes.fromBfloat16(in.getShort());
      }
      return new Tensors(shape, values);
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
