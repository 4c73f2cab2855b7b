package io.gpa4j.fabricate;

import io.gpa4j.ElementType;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.ConversionReport;
import io.gpa4j.conversion.Converter;
import io.gpa4j.conversion.WeightTypes;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** Writes fabricated checkpoints. The same shape, seed and type give the same bytes on every machine. */
public final class Fabricator {
  private static final String LICENSE = "none: random numbers";
  private static final String SOURCE = "gpa fabricate";
  private static final List<ElementType> FOLDER_TYPES = List.of(ElementType.F32, ElementType.F16, ElementType.BF16);

  private Fabricator() {}

  /**
   * Writes a folder in the published layout; weights that need more than 2 GB are sharded.
   *
   * @param folder must not exist, or be empty; it appears whole or not at all
   * @param type how weights are stored: F32, F16 or BF16
   * @throws io.gpa4j.GpaIoException if it is there already, or cannot be written
   */
  public static void writeFolder(FabricatedCheckpoint checkpoint, Path folder, ElementType type, ConversionListener listener) {
    Objects.requireNonNull(checkpoint, "checkpoint");
    Objects.requireNonNull(folder, "folder");
    if (!FOLDER_TYPES.contains(Objects.requireNonNull(type, "type"))) {
      throw new IllegalArgumentException("a checkpoint folder holds f32, f16 or bf16, not " + type);
    }
    new FolderWriter(checkpoint, type, Objects.requireNonNull(listener, "listener")).write(folder);
  }

  /**
   * Writes the model file that the converter makes of the checkpoint, without the folder between.
   *
   * @param file replaced if it is there
   * @param types of the weights
   * @throws io.gpa4j.GpaIoException if it cannot be written
   */
  public static ConversionReport writeModel(FabricatedCheckpoint checkpoint, Path file, WeightTypes types, ConversionListener listener) {
    return Converter.convert(checkpoint, file, ConversionOptions.of(types).withCard(checkpoint.name(), LICENSE, SOURCE), listener);
  }
}
