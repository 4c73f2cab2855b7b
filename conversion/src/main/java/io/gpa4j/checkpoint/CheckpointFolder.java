package io.gpa4j.checkpoint;

import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;

/** A checkpoint that lies in a folder. */
public final class CheckpointFolder implements Checkpoint {
  private static final long MAX_FILE_BYTES = 64L << 20;
  private static final String SAFETENSORS = "model.safetensors";
  private static final String SAFETENSORS_INDEX = "model.safetensors.index.json";
  private static final String TORCH = "pytorch_model.bin";
  private static final String TORCH_INDEX = "pytorch_model.bin.index.json";

  private final Path root;

  /**
   * Names a folder.
   *
   * @throws GpaIoException if there is no such folder
   */
  public CheckpointFolder(Path root) {
    this.root = Objects.requireNonNull(root, "root");
    if (!Files.isDirectory(root)) {
      throw new GpaIoException(root + ": no such folder; give the folder of a checkpoint (it holds config.json)");
    }
  }

  @Override
  public String name() {
    Path last = root.toAbsolutePath().normalize().getFileName();
    return last == null ? "checkpoint" : last.toString();
  }

  @Override
  public String describe(String path) {
    return root.resolve(path).toString();
  }

  @Override
  public boolean has(String path) {
    return Files.isRegularFile(root.resolve(path));
  }

  @Override
  public byte[] read(String path) {
    Path file = root.resolve(path);
    try {
      long size = Files.size(file);
      if (size > MAX_FILE_BYTES) {
        throw new ModelFormatException(file + ": " + size + " bytes; at most " + MAX_FILE_BYTES + " are expected here");
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new GpaIoException(file + ": no such file; the checkpoint is not complete", e);
    } catch (IOException e) {
      throw new GpaIoException(file + ": cannot be read: " + e, e);
    }
  }

  @Override
  public boolean hasTensors(String folder) {
    Path at = root.resolve(folder);
    return Files.isRegularFile(at.resolve(SAFETENSORS)) || Files.isRegularFile(at.resolve(SAFETENSORS_INDEX))
        || Files.isRegularFile(at.resolve(TORCH)) || Files.isRegularFile(at.resolve(TORCH_INDEX));
  }

  @Override
  public TensorStore openTensors(String folder) {
    Path at = root.resolve(folder);
    if (Files.isRegularFile(at.resolve(SAFETENSORS))) {
      return SafetensorsFile.open(at.resolve(SAFETENSORS));
    }
    if (Files.isRegularFile(at.resolve(SAFETENSORS_INDEX))) {
      return ShardedStore.open(at.resolve(SAFETENSORS_INDEX), SafetensorsFile::open);
    }
    if (Files.isRegularFile(at.resolve(TORCH))) {
      return TorchFile.open(at.resolve(TORCH));
    }
    if (Files.isRegularFile(at.resolve(TORCH_INDEX))) {
      return ShardedStore.open(at.resolve(TORCH_INDEX), TorchFile::open);
    }
    throw new GpaIoException(at + ": holds no weights (" + SAFETENSORS + ", " + SAFETENSORS_INDEX + " or " + TORCH + ")");
  }
}
