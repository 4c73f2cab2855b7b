package io.gpa4j.checkpoint;

import io.gpa4j.ElementType;
import io.gpa4j.ModelFile;
import io.gpa4j.ModelFile.TensorInfo;
import io.gpa4j.UnsupportedModelException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A GGUF file: its metadata, and its tensors to be read piece by piece, as numbers or as they stand there. */
public final class GgufStore implements TensorStore {
  private final ModelFile file;
  private final ReadChannel channel;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private GgufStore(ModelFile file, ReadChannel channel) {
    this.file = file;
    this.channel = channel;
    for (TensorInfo tensor : file.tensors()) {
      entries.put(tensor.name(), new Entry(channel, tensor));
    }
  }

  /**
   * Opens one.
   *
   * @throws io.gpa4j.GpaIoException if it cannot be read
   * @throws io.gpa4j.ModelFormatException if it is not well-formed
   * @throws UnsupportedModelException if a tensor's type is none that the engine computes with
   */
  public static GgufStore open(Path path) {
    ModelFile file = ModelFile.open(path);
    ReadChannel channel = null;
    GgufStore store = null;
    try {
      channel = ReadChannel.open(path);
      store = new GgufStore(file, channel);
      return store;
    } finally {
      if (store == null) {
        file.close();
        if (channel != null) {
          channel.close();
        }
      }
    }
  }

  /** Metadata and tensor list. */
  public ModelFile file() {
    return file;
  }

  @Override
  public String label() {
    return file.path().toString();
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return Collections.unmodifiableMap(entries);
  }

  /** Names in the file's order. */
  public List<String> names() {
    return new ArrayList<>(entries.keySet());
  }

  /** The type of a tensor that is there. */
  public ElementType type(String name) {
    return entries.get(name).elementType;
  }

  /** Fills what remains of a buffer with bytes of a tensor as they stand in the file, from a byte offset on; they must lie in it. */
  public void read(String name, long offset, ByteBuffer into) {
    Entry entry = entries.get(name);
    if (offset < 0 || offset > entry.bytes() - into.remaining()) {
      throw new IndexOutOfBoundsException(name + ": " + into.remaining() + " bytes at " + offset);
    }
    channel.fill(into, entry.position + offset);
  }

  @Override
  public void close() {
    file.close();
    channel.close();
  }

  private static final class Entry extends StoredTensor {
    private final ReadChannel channel;
    private final long position;
    private final ElementType elementType;

    Entry(ReadChannel channel, TensorInfo tensor) {
      super(channel.path().toString(), tensor.name(), StoredType.valueOf(typeOf(channel.path(), tensor).name()),
          tensor.shape().stream().mapToLong(Long::longValue).toArray());
      this.channel = channel;
      this.position = tensor.offset();
      this.elementType = typeOf(channel.path(), tensor);
    }

    private static ElementType typeOf(Path path, TensorInfo tensor) {
      for (ElementType type : ElementType.values()) {
        if (type.name().equals(tensor.type())) {
          return type;
        }
      }
      throw new UnsupportedModelException(path + ": tensor '" + tensor.name() + "' is of type " + tensor.type()
          + "; F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q4_K, Q4_0 and IQ4_NL are supported");
    }

    @Override
    protected void fetch(long first, int count, float[] into, int at) {
      channel.floats(position + type().bytes(first), type(), count, into, at);
    }
  }
}
