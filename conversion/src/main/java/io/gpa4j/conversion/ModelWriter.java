package io.gpa4j.conversion;

import io.gpa4j.gguf.GgufTensor;
import io.gpa4j.gguf.GgufWriter;
import java.util.List;

/** Writes a planned file: it appears whole or not at all. */
final class ModelWriter {
  private ModelWriter() {}

  /**
   * Makes all tensors and writes them.
   *
   * @param file the file, begun; it is closed here
   * @param rows how its tensors are made
   * @param tensors their types, one a row
   * @param importance of the columns of what is quantised; may be null
   * @return bytes written
   */
  static long write(GgufWriter file, List<Mapping> rows, List<GgufTensor> tensors, Importance importance, int threads, ConversionListener listener) {
    try (file) {
      new TensorPump(rows, tensors, importance, file, listener).run(threads);
      file.commit();
      return file.size();
    }
  }
}
