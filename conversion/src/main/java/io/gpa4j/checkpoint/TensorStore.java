package io.gpa4j.checkpoint;

import java.util.Map;

/** The tensors of one network of a checkpoint. Thread-safe until closed. */
public interface TensorStore extends AutoCloseable {
  /** The file or files, for messages. */
  String label();

  /** Tensors by name, in the order of the file. */
  Map<String, StoredTensor> tensors();

  @Override
  void close();
}
