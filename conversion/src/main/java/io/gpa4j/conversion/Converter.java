package io.gpa4j.conversion;

import io.gpa4j.checkpoint.Checkpoint;
import io.gpa4j.checkpoint.CheckpointFolder;
import io.gpa4j.gguf.GgufTensor;
import io.gpa4j.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Makes a model file (docs/model-file.md) from a checkpoint. Tensors are streamed in blocks: memory does not grow with their size.
 * The file appears whole or not at all.
 */
public final class Converter {
  private Converter() {}

  /**
   * Converts a checkpoint folder in the published layout, or one that holds a decoder and its tokenizer alone.
   *
   * @param checkpoint the folder
   * @param target the model file; replaced if it is there
   * @param options types and model card
   * @param listener hears how it goes on
   * @return what was written
   * @throws io.gpa4j.GpaIoException if a file is missing or cannot be read or written
   * @throws io.gpa4j.ModelFormatException if a file is not well-formed, or a tensor is missing, has another shape, or values that do not
   *     fit; it names file and tensor or key
   * @throws io.gpa4j.UnsupportedModelException if the checkpoint asks for what the engine cannot compute
   * @throws io.gpa4j.CancelledException if the thread was interrupted
   */
  public static ConversionReport convert(Path checkpoint, Path target, ConversionOptions options, ConversionListener listener) {
    return convert(new CheckpointFolder(Objects.requireNonNull(checkpoint, "checkpoint")), target, options, listener);
  }

  /** Converts any checkpoint, as {@link #convert(Path, Path, ConversionOptions, ConversionListener)} does. */
  public static ConversionReport convert(Checkpoint checkpoint, Path target, ConversionOptions options, ConversionListener listener) {
    Objects.requireNonNull(checkpoint, "checkpoint");
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(listener, "listener");
    try (ModelPlan plan = ModelPlan.read(checkpoint, options)) {
      List<GgufTensor> tensors = options.types().of(plan.mappings(), listener::warned);
      plan.unknown().forEach(name -> listener.warned(name + " is unknown and left out"));
      long bytes = ModelWriter.write(GgufWriter.create(target, plan.metadata(), tensors), plan.mappings(), tensors,
          options.types().importance(), options.threads(), listener);
      return new ConversionReport(target, bytes, List.copyOf(plan.networks()), tensors.size(), plan.dropped(), List.copyOf(plan.unknown()));
    }
  }
}
