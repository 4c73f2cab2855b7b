package io.gpa4j.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** The goldens' tensors. */
final class Safetensors {
  private final JsonNode header;
  private final ByteBuffer data;

  private Safetensors(JsonNode header, ByteBuffer data) {
    this.header = header;
    this.data = data;
  }

  static Safetensors read(Path file) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      byte[] json = new byte[(int) bytes.getLong()];
      bytes.get(json);
      return new Safetensors(new ObjectMapper().readTree(json), bytes.slice().order(ByteOrder.LITTLE_ENDIAN));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int[] ints(String name) {
    ByteBuffer content = content(name);
    int[] ints = new int[content.remaining() / 4];
    content.asIntBuffer().get(ints);
    return ints;
  }

  float[] floats(String name) {
    ByteBuffer content = content(name);
    float[] floats = new float[content.remaining() / 4];
    content.asFloatBuffer().get(floats);
    return floats;
  }

  private ByteBuffer content(String name) {
    JsonNode offsets = header.get(name).get("data_offsets");
    int begin = offsets.get(0).asInt();
    return data.slice(begin, offsets.get(1).asInt() - begin).order(ByteOrder.LITTLE_ENDIAN);
  }
}
