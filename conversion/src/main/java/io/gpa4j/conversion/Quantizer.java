package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import io.gpa4j.ModelFile;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.checkpoint.GgufStore;
import io.gpa4j.gguf.GgufMetadata;
import io.gpa4j.gguf.GgufTensor;
import io.gpa4j.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Makes a model file with weights of other types from a model file. Tensors are streamed in blocks: memory does not grow with their
 * size. From an F32 model comes what the conversion of its checkpoint to these types gives.
 */
public final class Quantizer {
  private Quantizer() {}

  /**
   * Writes a model with other types.
   *
   * @param source a model file
   * @param target the model file to write; replaced if it is there, and it may be the source
   * @param options the types
   * @param listener hears how it goes on
   * @return what was written
   * @throws io.gpa4j.GpaIoException if a file cannot be read or written
   * @throws io.gpa4j.ModelFormatException if the source is not well-formed, or a value does not fit its new type
   * @throws UnsupportedModelException if the source is no GPA model, or a weight is quantised already and the options do not allow that
   * @throws IllegalArgumentException if an override finds no weight
   * @throws io.gpa4j.CancelledException if the thread was interrupted
   */
  public static ConversionReport quantize(Path source, Path target, QuantizeOptions options, ConversionListener listener) {
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(listener, "listener");
    try (GgufStore store = GgufStore.open(source)) {
      GgufModel model = GgufModel.of(store);
      List<GgufTensor> tensors = options.types().of(rows(store, List.of()), listener::warned);
      List<Mapping> rows = rows(store, tensors);
      refuseQuantized(store, tensors, options);
      GgufMetadata metadata = model.metadata(options.types().recipe().fileType(), options.types().describe());
      long bytes = ModelWriter.write(GgufWriter.create(target, metadata, tensors), rows, tensors, options.types().importance(), options.threads(),
          listener);
      return new ConversionReport(target, bytes, model.networks(), tensors.size(), 0, List.of());
    }
  }

  // Quantised weights that keep their type keep their bytes.
  private static List<Mapping> rows(GgufStore store, List<GgufTensor> tensors) {
    List<Mapping> rows = new ArrayList<>();
    for (ModelFile.TensorInfo tensor : store.file().tensors()) {
      String name = tensor.name();
      ElementType type = store.type(name);
      boolean kept = !tensors.isEmpty() && type.isQuantized() && tensors.get(rows.size()).type() == type;
      Transform transform = kept ? Transforms.bytes(store, name) : Transforms.copy(store.tensors().get(name));
      rows.add(new Mapping(List.of(store.label() + ": " + name), name, tensor.shape(), transform));
    }
    return rows;
  }

  private static void refuseQuantized(GgufStore store, List<GgufTensor> tensors, QuantizeOptions options) {
    for (GgufTensor tensor : tensors) {
      ElementType from = store.type(tensor.name());
      if (from.isQuantized() && tensor.type() != from && !options.requantize()) {
        throw new UnsupportedModelException(store.label() + ": tensor '" + tensor.name() + "' is " + from + " already; to make it "
            + tensor.type() + " adds the errors of both. Begin with a file of F32, F16 or BF16, or allow it with --allow-requantize");
      }
    }
  }
}
