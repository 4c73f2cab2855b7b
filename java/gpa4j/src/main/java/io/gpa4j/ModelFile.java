package io.gpa4j;

import io.gpa4j.internal.NativeFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What stands in a GGUF file of any architecture: metadata and tensors, without starting an engine. Thread-safe.
 *
 * <pre>{@code
 * try (ModelFile file = ModelFile.open(Path.of("gpa.gguf"))) {
 *   System.out.println(file.text("general.name").orElse("?") + ", " + file.tensors().size() + " tensors");
 * }
 * }</pre>
 */
public final class ModelFile implements AutoCloseable {
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final String[] VALUE_TYPES = {
    "u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"
  };
  private static final Map<Integer, String> TENSOR_TYPES = Map.ofEntries(
      Map.entry(0, "F32"), Map.entry(1, "F16"), Map.entry(2, "Q4_0"), Map.entry(3, "Q4_1"), Map.entry(6, "Q5_0"),
      Map.entry(7, "Q5_1"), Map.entry(8, "Q8_0"), Map.entry(9, "Q8_1"), Map.entry(10, "Q2_K"), Map.entry(11, "Q3_K"),
      Map.entry(12, "Q4_K"), Map.entry(13, "Q5_K"), Map.entry(14, "Q6_K"), Map.entry(15, "Q8_K"), Map.entry(16, "IQ2_XXS"),
      Map.entry(17, "IQ2_XS"), Map.entry(18, "IQ3_XXS"), Map.entry(19, "IQ1_S"), Map.entry(20, "IQ4_NL"), Map.entry(21, "IQ3_S"),
      Map.entry(22, "IQ2_S"), Map.entry(23, "IQ4_XS"), Map.entry(24, "I8"), Map.entry(25, "I16"), Map.entry(26, "I32"),
      Map.entry(27, "I64"), Map.entry(28, "F64"), Map.entry(29, "IQ1_M"), Map.entry(30, "BF16"), Map.entry(34, "TQ1_0"),
      Map.entry(35, "TQ2_0"), Map.entry(39, "MXFP4"), Map.entry(40, "NVFP4"));

  /**
   * A metadata value.
   *
   * @param key its key
   * @param type "u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64" or "f64"
   * @param elementType of an array, the type of its elements; otherwise the same as type
   * @param count of an array, how many elements it has; otherwise 1
   */
  public record Value(String key, String type, String elementType, long count) {
    /**
     * Whether it is an array.
     *
     * @return true for an array, even an empty one
     */
    public boolean isArray() {
      return type.equals(VALUE_TYPES[ARRAY]);
    }

    /**
     * Whether it, or what it is an array of, is a string.
     *
     * @return false for numbers and booleans
     */
    public boolean isText() {
      return elementType.equals(VALUE_TYPES[STRING]);
    }
  }

  /**
   * A tensor of the file.
   *
   * @param name its name
   * @param type name of its element type, e.g. "F16"
   * @param shape outermost dimension first
   * @param offset of its data from the file's begin, in bytes
   * @param bytes size of its data
   */
  public record TensorInfo(String name, String type, List<Long> shape, long offset, long bytes) {
    /** Copies the list. */
    public TensorInfo {
      shape = List.copyOf(shape);
    }
  }

  private final Path path;
  private final NativeFile file;
  private final Map<String, Value> values = new LinkedHashMap<>();
  private final Map<String, Integer> indices = new LinkedHashMap<>();
  private final List<TensorInfo> tensors;
  private boolean closed;

  private ModelFile(Path path, NativeFile file) {
    this.path = path;
    this.file = file;
    for (NativeFile.Value value : file.values()) {
      values.put(value.key(), new Value(value.key(), valueType(value.type()), valueType(value.elementType()), value.count()));
    }
    this.tensors = file.tensors().stream()
        .map(t -> new TensorInfo(t.name(), TENSOR_TYPES.getOrDefault(t.type(), "type " + t.type()),
            Arrays.stream(t.shape()).boxed().toList(), t.offset(), t.bytes()))
        .toList();
    for (int i = 0; i < tensors.size(); i++) {
      indices.put(tensors.get(i).name(), i);
    }
  }

  private static String valueType(int type) {
    return type >= 0 && type < VALUE_TYPES.length ? VALUE_TYPES[type] : "type " + type;
  }

  /**
   * Opens a file and checks that it is well-formed.
   *
   * @param path a GGUF file, version 2 or 3
   * @return the open file
   * @throws GpaIoException if it cannot be opened
   * @throws ModelFormatException if it is not well-formed
   */
  public static ModelFile open(Path path) {
    Objects.requireNonNull(path, "path");
    NativeFile file = NativeFile.open(path.toString());
    try {
      return new ModelFile(path, file);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /**
   * Where it lies.
   *
   * @return the path given to {@link #open}
   */
  public Path path() {
    return path;
  }

  /**
   * All metadata in the file's order.
   *
   * @return an unmodifiable list
   */
  public List<Value> values() {
    return List.copyOf(values.values());
  }

  /**
   * All tensors in the file's order.
   *
   * @return an unmodifiable list
   */
  public List<TensorInfo> tensors() {
    return tensors;
  }

  /**
   * A number or boolean (1 or 0).
   *
   * @param key its key
   * @return empty if there is no such key
   * @throws IllegalArgumentException if the value is of another kind
   * @throws IllegalStateException after close
   */
  public synchronized OptionalDouble number(String key) {
    return values.containsKey(Objects.requireNonNull(key, "key")) ? OptionalDouble.of(number(key, 0)) : OptionalDouble.empty();
  }

  /**
   * A string.
   *
   * @param key its key
   * @return empty if there is no such key
   * @throws IllegalArgumentException if the value is of another kind
   * @throws IllegalStateException after close
   */
  public synchronized Optional<String> text(String key) {
    return values.containsKey(Objects.requireNonNull(key, "key")) ? Optional.of(text(key, 0)) : Optional.empty();
  }

  /**
   * An element of an array of numbers.
   *
   * @param key its key
   * @param index 0 to count - 1
   * @return the element
   * @throws IllegalArgumentException if there is no such key or element, or it is of another kind
   * @throws IllegalStateException after close
   */
  public synchronized double number(String key, long index) {
    return open().number(Objects.requireNonNull(key, "key"), index);
  }

  /**
   * An element of an array of strings.
   *
   * @param key its key
   * @param index 0 to count - 1
   * @return the element
   * @throws IllegalArgumentException if there is no such key or element, or it is of another kind
   * @throws IllegalStateException after close
   * @throws ModelFormatException if it is longer than 256 MiB
   */
  public synchronized String text(String key, long index) {
    try {
      return open().text(Objects.requireNonNull(key, "key"), index);
    } catch (ModelFormatException e) {
      throw new ModelFormatException(path + ": " + e.getMessage(), e);
    }
  }

  /**
   * Bytes of a tensor as they stand in the file, little-endian.
   *
   * @param tensor its name
   * @param offset of the first byte within the tensor
   * @param length bytes
   * @return a copy
   * @throws IllegalArgumentException if there is no such tensor
   * @throws IndexOutOfBoundsException if the bytes do not lie in the tensor
   * @throws IllegalStateException after close
   */
  public synchronized byte[] data(String tensor, long offset, int length) {
    Integer index = indices.get(Objects.requireNonNull(tensor, "tensor"));
    if (index == null) {
      throw new IllegalArgumentException(path + ": no tensor " + tensor);
    }
    byte[] copy = new byte[length];
    open().data(index, offset, length).get(copy);
    return copy;
  }

  private NativeFile open() {
    if (closed) {
      throw new IllegalStateException(path + " is closed");
    }
    return file;
  }

  /** Closes the file. Harmless when repeated. */
  @Override
  public synchronized void close() {
    closed = true;
    file.close();
  }
}
