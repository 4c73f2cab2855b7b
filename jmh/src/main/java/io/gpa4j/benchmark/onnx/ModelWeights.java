package io.gpa4j.benchmark.onnx;

import io.gpa4j.ElementType;
import io.gpa4j.ModelFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The tensors of a model file as floats. */
final class ModelWeights {
  private final ModelFile file;
  private final Map<String, ModelFile.TensorInfo> tensors;

  ModelWeights(ModelFile file) {
    this.file = file;
    this.tensors = file.tensors().stream().collect(Collectors.toMap(ModelFile.TensorInfo::name, Function.identity()));
  }

  boolean has(String name) {
    return tensors.containsKey(name);
  }

  /** One extent of its shape, outermost first. */
  int extent(String name, int dimension) {
    return Math.toIntExact(info(name).shape().get(dimension));
  }

  int[] integers(String key, int count) {
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = (int) file.number(key, i);
    }
    return values;
  }

  boolean flag(String key) {
    return file.number(key).orElse(0) != 0;
  }

  int integer(String key) {
    return (int) file.number(key).orElseThrow(() -> new IllegalArgumentException(key + " is not in " + file.path()));
  }

  FloatBuffer floats(String name) {
    ModelFile.TensorInfo info = info(name);
    long count = info.shape().stream().reduce(1L, Math::multiplyExact);
    ByteBuffer stored = direct(info.bytes()).put(file.data(name, 0, Math.toIntExact(info.bytes()))).flip();
    ByteBuffer floats = direct(Float.BYTES * count);
    ElementType.valueOf(info.type()).convert(stored, ElementType.F32, floats, count);
    return floats.clear().order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private static ByteBuffer direct(long bytes) {
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
  }

  private ModelFile.TensorInfo info(String name) {
    ModelFile.TensorInfo info = tensors.get(name);
    if (info == null) {
      throw new IllegalArgumentException(file.path() + ": the tensor " + name + " is missing");
    }
    return info;
  }
}
