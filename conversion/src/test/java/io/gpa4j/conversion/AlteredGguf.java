package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import io.gpa4j.ModelFile;
import io.gpa4j.gguf.GgufMetadata;
import io.gpa4j.gguf.GgufTensor;
import io.gpa4j.gguf.GgufWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** A GGUF file to be written again with changes. */
final class AlteredGguf {
  /** Type, shape and bytes of a tensor. */
  record Content(ElementType type, List<Long> shape, byte[] data) {}

  final Map<String, Content> tensors = new LinkedHashMap<>();
  private final Path source;
  private final Map<String, BiConsumer<GgufMetadata, String>> replaced = new LinkedHashMap<>();

  AlteredGguf(Path source) {
    this.source = source;
    try (ModelFile file = ModelFile.open(source)) {
      for (ModelFile.TensorInfo tensor : file.tensors()) {
        tensors.put(tensor.name(), new Content(ElementType.valueOf(tensor.type()), tensor.shape(),
            file.data(tensor.name(), 0, Math.toIntExact(tensor.bytes()))));
      }
    }
  }

  /** Writes another value under a key that is there; null leaves it out. */
  AlteredGguf set(String key, BiConsumer<GgufMetadata, String> value) {
    replaced.put(key, value);
    return this;
  }

  /** Gives a tensor other values and a shape; null values: zeros. */
  AlteredGguf put(String name, ElementType type, float[] values, Long... shape) {
    long elements = List.of(shape).stream().reduce(1L, (a, b) -> a * b);
    tensors.put(name, new Content(type, List.of(shape), Elements.encode(values == null ? new float[(int) elements] : values, type)));
    return this;
  }

  Path write(Path target) {
    GgufMetadata metadata = new GgufMetadata();
    boolean aligned;
    try (ModelFile file = ModelFile.open(source)) {
      aligned = file.number("general.alignment").isPresent();
      for (ModelFile.Value value : file.values()) {
        if (replaced.containsKey(value.key())) {
          if (replaced.get(value.key()) != null) {
            replaced.get(value.key()).accept(metadata, value.key());
          }
        } else if (!value.key().equals("general.alignment")) {
          metadata.copy(file, value);
        }
      }
    }
    List<GgufTensor> infos = new ArrayList<>();
    tensors.forEach((name, content) -> infos.add(new GgufTensor(name, content.type, content.shape)));
    try (GgufWriter writer = aligned ? GgufWriter.create(target, metadata, infos) : GgufWriter.createDefaultAligned(target, metadata, infos)) {
      for (int i = 0; i < infos.size(); i++) {
        writer.write(i, 0, ByteBuffer.wrap(tensors.get(infos.get(i).name()).data));
      }
      writer.commit();
    }
    return target;
  }
}
