package io.gpa4j.fabricate;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.gpa4j.ElementType;
import io.gpa4j.GpaIoException;
import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.conversion.ConversionListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Writes a fabricated checkpoint as a folder: under a temporary name beside its place, forced to disk, renamed when it is whole. */
final class FolderWriter {
  /** Weights of a folder that need more are spread over several files. */
  private static final long SHARD_BYTES = 2_000_000_000L;
  private static final int BLOCK = 1 << 18;
  private static final JsonFactory JSON = new JsonFactory();

  private final FabricatedCheckpoint checkpoint;
  private final ElementType type;
  private final long shardBytes;
  private final ConversionListener listener;
  private final float[] block = new float[BLOCK];
  private final ByteBuffer floats = ByteBuffer.allocateDirect(BLOCK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer bytes = ByteBuffer.allocateDirect(BLOCK * Float.BYTES);
  private long total;
  private long done;
  private int finished;

  FolderWriter(FabricatedCheckpoint checkpoint, ElementType type, ConversionListener listener) {
    this(checkpoint, type, listener, SHARD_BYTES);
  }

  FolderWriter(FabricatedCheckpoint checkpoint, ElementType type, ConversionListener listener, long shardBytes) {
    this.checkpoint = checkpoint;
    this.type = type;
    this.listener = listener;
    this.shardBytes = shardBytes;
  }

  /** Writes it; the folder must not exist, or be empty. */
  void write(Path path) {
    Path target = path.toAbsolutePath().normalize();
    Path temporary = null;
    try {
      checkFree(target);
      Files.createDirectories(target.getParent());
      temporary = Files.createTempDirectory(target.getParent(), "." + target.getFileName() + ".part");
      checkSpace(temporary);
      listener.started(checkpoint.plans().values().stream().mapToInt(plan -> plan.tensors().size()).sum(), total);
      for (String file : checkpoint.files()) {
        writeSmall(temporary.resolve(file), checkpoint.read(file));
      }
      for (Map.Entry<String, TensorPlan> plan : checkpoint.plans().entrySet()) {
        writeWeights(temporary.resolve(plan.getKey()), List.copyOf(plan.getValue().tensors().values()));
      }
      openToReaders(temporary);
      Files.deleteIfExists(target);
      Files.move(temporary, target);
      temporary = null;
    } catch (IOException e) {
      throw new GpaIoException(path + ": cannot be written: " + e, e);
    } finally {
      if (temporary != null) {
        delete(temporary);
      }
    }
  }

  private static void checkFree(Path target) throws IOException {
    if (!Files.exists(target)) {
      return;
    }
    if (Files.isDirectory(target)) {
      try (Stream<Path> content = Files.list(target)) {
        if (content.findAny().isEmpty()) {
          return;
        }
      }
    }
    throw new GpaIoException(target + ": exists already; name a new folder");
  }

  private void checkSpace(Path folder) throws IOException {
    for (TensorPlan plan : checkpoint.plans().values()) {
      total += plan.tensors().values().stream().mapToLong(this::bytes).sum();
    }
    long usable = Files.getFileStore(folder).getUsableSpace();
    if (usable < total) {
      throw new GpaIoException(folder.getParent() + ": " + total + " bytes are needed, " + usable + " are free");
    }
  }

  // Temporary folders are their owner's alone.
  private static void openToReaders(Path folder) throws IOException {
    try {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (UnsupportedOperationException e) {
      // Not a POSIX file system: it has its own defaults.
    }
  }

  private static void writeSmall(Path path, byte[] content) throws IOException {
    Files.createDirectories(path.getParent());
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      writeFully(channel, ByteBuffer.wrap(content));
      channel.force(true);
    }
  }

  private void writeWeights(Path folder, List<StoredTensor> tensors) throws IOException {
    List<List<StoredTensor>> shards = shards(tensors);
    if (shards.size() == 1) {
      writeFile(folder.resolve("model.safetensors"), tensors);
      return;
    }
    Map<String, String> places = new LinkedHashMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String file = String.format("model-%05d-of-%05d.safetensors", i + 1, shards.size());
      writeFile(folder.resolve(file), shards.get(i));
      shards.get(i).forEach(tensor -> places.put(tensor.name(), file));
    }
    long size = tensors.stream().mapToLong(this::bytes).sum();
    // Map.of has another order in every process, and the same seed must give the same bytes.
    Map<String, Object> index = new LinkedHashMap<>();
    index.put("metadata", Map.of("total_size", size));
    index.put("weight_map", places);
    writeSmall(folder.resolve("model.safetensors.index.json"), ConfigFiles.json(index));
  }

  private List<List<StoredTensor>> shards(List<StoredTensor> tensors) {
    List<List<StoredTensor>> shards = new ArrayList<>();
    long room = 0;
    for (StoredTensor tensor : tensors) {
      long size = bytes(tensor);
      if (shards.isEmpty() || size > room) {
        shards.add(new ArrayList<>());
        room = shardBytes;
      }
      shards.get(shards.size() - 1).add(tensor);
      room -= size;
    }
    return shards;
  }

  private void writeFile(Path path, List<StoredTensor> tensors) throws IOException {
    byte[] header = header(tensors);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).flip();
      writeFully(channel, length);
      writeFully(channel, ByteBuffer.wrap(header));
      for (StoredTensor tensor : tensors) {
        writeTensor(channel, tensor);
        done += bytes(tensor);
        listener.advanced(tensor.name(), ++finished, done);
      }
      channel.force(true);
    }
  }

  private byte[] header(List<StoredTensor> tensors) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      json.writeObjectFieldStart("__metadata__");
      json.writeStringField("format", "pt");
      json.writeEndObject();
      long offset = 0;
      for (StoredTensor tensor : tensors) {
        json.writeObjectFieldStart(tensor.name());
        json.writeStringField("dtype", tensor.type().isFloating() ? type.name() : tensor.type().name());
        json.writeFieldName("shape");
        json.writeArray(tensor.shape(), 0, tensor.shape().length);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {offset, offset + bytes(tensor)}, 0, 2);
        json.writeEndObject();
        offset += bytes(tensor);
      }
      json.writeEndObject();
    }
    byte[] header = out.toByteArray();
    byte[] padded = Arrays.copyOf(header, (header.length + 7) / 8 * 8);
    Arrays.fill(padded, header.length, padded.length, (byte) ' ');
    return padded;
  }

  private void writeTensor(FileChannel channel, StoredTensor tensor) throws IOException {
    if (!tensor.type().isFloating()) {
      ByteBuffer value = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      writeFully(channel, value.putLong(((FabricatedTensor) tensor).constant()).flip());
      return;
    }
    for (long first = 0; first < tensor.elements(); first += BLOCK) {
      int count = (int) Math.min(BLOCK, tensor.elements() - first);
      tensor.read(first, count, block, 0);
      encode(count);
      writeFully(channel, bytes);
    }
  }

  private void encode(int count) {
    floats.clear().asFloatBuffer().put(block, 0, count);
    ElementType.F32.convert(floats, type, bytes.clear(), count);
    bytes.limit(Math.toIntExact(type.bytes(count)));
  }

  private long bytes(StoredTensor tensor) {
    return tensor.type().isFloating() ? type.bytes(tensor.elements()) : tensor.bytes();
  }

  private static void writeFully(FileChannel channel, ByteBuffer from) throws IOException {
    while (from.hasRemaining()) {
      channel.write(from);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> content = Files.walk(folder)) {
      for (Path path : content.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      // The first failure is the one to tell.
    }
  }
}
