package io.gpa4j.checkpoint;

/** A checkpoint in the published layout: files and, per folder, tensors. */
public interface Checkpoint {
  /** A short name: the folder's. */
  String name();

  /** What messages call a file of it. */
  String describe(String path);

  /** Whether there is such a file; paths are relative and use '/'. */
  boolean has(String path);

  /**
   * Whole content of a small file (configuration, tokenizer).
   *
   * @throws io.gpa4j.GpaIoException if it cannot be read
   * @throws io.gpa4j.ModelFormatException if it is unreasonably long
   */
  byte[] read(String path);

  /** Whether a folder ("" is the root) holds weights. */
  boolean hasTensors(String folder);

  /**
   * Opens the weights of a folder.
   *
   * @throws io.gpa4j.GpaIoException if there are none, or they cannot be read
   * @throws io.gpa4j.ModelFormatException if they are not well-formed
   */
  TensorStore openTensors(String folder);
}
