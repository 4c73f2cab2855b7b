package io.gpa4j.conversion;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.ElementType;
import io.gpa4j.checkpoint.CheckpointFolder;
import io.gpa4j.checkpoint.TensorStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** The golden checkpoint in memory, to be changed and written in other ways. */
final class GoldenCheckpoint {
  static final Path FOLDER = locate();
  static final String DECODER = "";
  static final String CODEC = "BiCodec";
  static final String WAV2VEC2 = "BiCodec/wav2vec2-large-xlsr-53";
  static final String GLM = "glm-4-voice-tokenizer";

  private static final ObjectMapper JSON = new ObjectMapper();

  final Map<String, Map<String, Tensors>> tensors = new LinkedHashMap<>();
  final Map<String, byte[]> files = new LinkedHashMap<>();

  /** Reads all of it. */
  static GoldenCheckpoint read() {
    GoldenCheckpoint golden = new GoldenCheckpoint();
    for (String folder : List.of(DECODER, CODEC, WAV2VEC2, GLM)) {
      Map<String, Tensors> read = new LinkedHashMap<>();
      try (TensorStore store = new CheckpointFolder(FOLDER).openTensors(folder)) {
        store.tensors().forEach((name, tensor) -> {
          if (tensor.type().isFloating()) {
            read.put(name, new Tensors(tensor.shape(), Transforms.all(tensor)));
          }
        });
      }
      golden.tensors.put(folder, read);
    }
    try (Stream<Path> paths = Files.walk(FOLDER)) {
      paths.filter(path -> path.toString().matches(".*\\.(json|yaml|txt)")).forEach(path -> {
        try {
          golden.files.put(FOLDER.relativize(path).toString(), Files.readAllBytes(path));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return golden;
  }

  /** Leaves the decoder and its tokenizer alone. */
  GoldenCheckpoint decoderOnly() {
    tensors.keySet().removeIf(folder -> !folder.equals(DECODER));
    files.keySet().removeIf(file -> file.contains("/"));
    return this;
  }

  /** Changes a value of a JSON file; null removes it. */
  GoldenCheckpoint set(String file, String key, Object value) {
    try {
      @SuppressWarnings("unchecked")
      Map<String, Object> map = JSON.readValue(files.get(file), LinkedHashMap.class);
      map.put(key, value);
      if (value == null) {
        map.remove(key);
      }
      files.put(file, JSON.writeValueAsBytes(map));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Replaces text in a file. */
  GoldenCheckpoint replace(String file, String from, String to) {
    String text = new String(files.get(file), StandardCharsets.UTF_8);
    if (!text.contains(from)) {
      throw new IllegalArgumentException(file + " does not hold " + from);
    }
    files.put(file, text.replace(from, to).getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** Writes the files and, per folder, one model.safetensors of the type. */
  Path write(Path folder, ElementType type) {
    writeFiles(folder);
    tensors.forEach((network, map) -> writeSafetensors(folder.resolve(network).resolve("model.safetensors"), map, type));
    return folder;
  }

  void writeFiles(Path folder) {
    files.forEach((name, content) -> put(folder.resolve(name), content));
  }

  /** Writes tensors over shards of so many tensors each, with an index. */
  static void writeShards(Path folder, Map<String, Tensors> map, int perShard) {
    Map<String, String> places = new LinkedHashMap<>();
    List<String> names = new ArrayList<>(map.keySet());
    for (int first = 0; first < names.size(); first += perShard) {
      Map<String, Tensors> part = new LinkedHashMap<>();
      String file = "model-%05d.safetensors".formatted(first / perShard + 1);
      names.subList(first, Math.min(names.size(), first + perShard)).forEach(name -> {
        part.put(name, map.get(name));
        places.put(name, file);
      });
      writeSafetensors(folder.resolve(file), part, ElementType.F32);
    }
    put(folder.resolve("model.safetensors.index.json"), json(Map.of("weight_map", places)));
  }

  static void writeSafetensors(Path path, Map<String, Tensors> map, ElementType type) {
    Map<String, Object> header = new LinkedHashMap<>();
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    map.forEach((name, tensor) -> {
      long begin = data.size();
      data.writeBytes(encode(tensor.values(), type));
      header.put(name, Map.of("dtype", type.name(), "shape", tensor.shape(), "data_offsets", new long[] {begin, data.size()}));
    });
    put(path, safetensors(json(header), data.toByteArray()));
  }

  static byte[] safetensors(byte[] header, byte[] data) {
    return ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).put(header).put(data).array();
  }

  static byte[] encode(float[] values, ElementType type) {
    return Elements.encode(values, type);
  }

  /** Writes a zip of torch.save from a pickle and its storages. */
  static void writeTorch(Path path, byte[] pickle, Map<String, byte[]> storages) {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("archive/data.pkl", pickle);
    storages.forEach((key, bytes) -> entries.put("archive/data/" + key, bytes));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        ZipEntry stored = new ZipEntry(entry.getKey());
        CRC32 crc = new CRC32();
        crc.update(entry.getValue());
        stored.setMethod(ZipEntry.STORED);
        stored.setSize(entry.getValue().length);
        stored.setCrc(crc.getValue());
        zip.putNextEntry(stored);
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    put(path, out.toByteArray());
  }

  static void put(Path path, byte[] content) {
    try {
      Files.createDirectories(path.getParent());
      Files.write(path, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] json(Object value) {
    try {
      return JSON.writeValueAsBytes(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path locate() {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path folder = at.resolve("tests/data/goldens/checkpoint");
      if (Files.isDirectory(folder)) {
        return folder;
      }
    }
    throw new IllegalStateException("tests/data/goldens/checkpoint is not above " + Path.of("").toAbsolutePath());
  }
}
