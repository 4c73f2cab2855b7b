package io.gpa4j.conversion;

import io.gpa4j.gguf.GgufMetadata;
import io.gpa4j.gguf.GgufTensor;
import io.gpa4j.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.List;

/** Writes a planned file: it appears whole or not at all. */
final class ModelWriter {
  private ModelWriter() {}

  /**
   * Makes all tensors and writes them.
   *
   * @param metadata of the file
   * @param rows how its tensors are made
   * @param tensors their types, one a row
   * @param importance of the columns of what is quantised; may be null
   * @return bytes written
   */
  static long write(Path target, GgufMetadata metadata, List<Mapping> rows, List<GgufTensor> tensors, Importance importance, int threads,
      ConversionListener listener) {
    try (GgufWriter writer = GgufWriter.create(target, metadata, tensors)) {
      new TensorPump(rows, tensors, importance, writer, listener).run(threads);
      writer.commit();
      return writer.size();
    }
  }
}
