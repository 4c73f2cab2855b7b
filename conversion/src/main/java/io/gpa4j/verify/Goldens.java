package io.gpa4j.verify;

import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.SafetensorsFile;
import io.gpa4j.checkpoint.Settings;
import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.checkpoint.StoredType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** A folder of what the reference computed. Nothing about shapes, clips or stages is assumed: what is there is compared. */
final class Goldens {
  /** A text with its ids. */
  record Line(String text, int[] ids, int[] plainIds) {}

  private static final String SUFFIX = ".safetensors";
  private static final Set<String> OTHERS = Set.of("decoder", "volume");

  private final Path folder;
  private final Settings summary;

  Goldens(Path folder) {
    this.folder = folder;
    if (!Files.isDirectory(folder)) {
      throw new GpaIoException(folder + ": no such folder; give a folder with golden tensors and their summary.json");
    }
    Path file = folder.resolve("summary.json");
    try {
      this.summary = Files.isRegularFile(file) ? Settings.json(file.toString(), Files.readAllBytes(file)) : null;
    } catch (IOException e) {
      throw new GpaIoException(file + ": cannot be read: " + e, e);
    }
    if (clips().stream().noneMatch(this::has) && !has("decoder") && !has("volume")) {
      throw new GpaIoException(folder + ": holds no goldens (a summary.json with clips, decoder.safetensors or volume.safetensors)");
    }
  }

  /** Names of the clips that the summary lists; without a summary, of all files but those of decoder and volume. */
  List<String> clips() {
    return summary != null ? listed() : files().stream().filter(name -> !OTHERS.contains(name)).toList();
  }

  /** What is missing or left out, a sentence each. */
  List<String> gaps() {
    List<String> gaps = new ArrayList<>();
    List<String> clips = clips();
    clips.stream().filter(name -> !has(name)).forEach(name -> gaps.add(name + SUFFIX + " is missing, though summary.json lists the clip"));
    files().stream().filter(name -> !OTHERS.contains(name) && !clips.contains(name))
        .forEach(name -> gaps.add(name + SUFFIX + " is left out, as summary.json does not list such a clip"));
    return gaps;
  }

  private List<String> files() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length())).sorted().toList();
    } catch (IOException e) {
      throw new GpaIoException(folder + ": cannot be read: " + e, e);
    }
  }

  private List<String> listed() {
    List<String> names = new ArrayList<>();
    for (Map<?, ?> clip : entries("clips")) {
      if (!(clip.get("name") instanceof String name) || name.isBlank() || name.contains("/")) {
        throw summary.wrong("clips", "entries with a name");
      }
      names.add(name);
    }
    return names;
  }

  /** Texts with their ids. */
  List<Line> tokenization() {
    List<Line> lines = new ArrayList<>();
    for (Map<?, ?> line : entries("tokenization")) {
      if (!(line.get("text") instanceof String text)) {
        throw summary.wrong("tokenization", "entries with a text");
      }
      lines.add(new Line(text, ints(line.get("ids")), ints(line.get("plain_ids"))));
    }
    return lines;
  }

  private List<Map<?, ?>> entries(String key) {
    List<Map<?, ?>> entries = new ArrayList<>();
    if (summary != null && summary.has(key)) {
      if (!(summary.values().get(key) instanceof List<?> list)) {
        throw summary.wrong(key, "a list");
      }
      for (Object entry : list) {
        if (!(entry instanceof Map<?, ?> map)) {
          throw summary.wrong(key, "a list of objects");
        }
        entries.add(map);
      }
    }
    return entries;
  }

  // Null where there are none.
  private int[] ints(Object value) {
    if (value == null) {
      return null;
    }
    if (value instanceof List<?> list && list.stream().allMatch(Integer.class::isInstance)) {
      return list.stream().mapToInt(x -> (Integer) x).toArray();
    }
    throw summary.wrong("tokenization", "lists of ids");
  }

  boolean has(String name) {
    return Files.isRegularFile(folder.resolve(name + SUFFIX));
  }

  /** The tensors of a file. */
  Table open(String name) {
    return new Table(name, SafetensorsFile.open(folder.resolve(name + SUFFIX)));
  }

  /** Tensors of a golden file, read when they are asked for. */
  static final class Table implements AutoCloseable {
    private final String name;
    private final SafetensorsFile file;

    private Table(String name, SafetensorsFile file) {
      this.name = name;
      this.file = file;
    }

    String name() {
      return name;
    }

    List<String> names() {
      return List.copyOf(file.tensors().keySet());
    }

    boolean has(String tensor) {
      return file.tensors().containsKey(tensor);
    }

    boolean isInts(String tensor) {
      return find(tensor).type() == StoredType.I32;
    }

    int[] ints(String tensor) {
      return file.ints(tensor);
    }

    float[] floats(String tensor) {
      StoredTensor found = find(tensor);
      float[] values = new float[Math.toIntExact(found.elements())];
      found.read(0, values.length, values, 0);
      return values;
    }

    /** Margins that may be absent. */
    float[] floatsOrNull(String tensor) {
      return has(tensor) ? floats(tensor) : null;
    }

    /** Shape as a matrix; a vector is one column. */
    long[] matrix(String tensor) {
      long[] shape = find(tensor).shape();
      long rows = shape.length == 0 ? 1 : shape[0];
      return new long[] {rows, rows == 0 ? 1 : find(tensor).elements() / rows};
    }

    private StoredTensor find(String tensor) {
      StoredTensor found = file.tensors().get(tensor);
      if (found == null) {
        throw new ModelFormatException(file.label() + ": tensor '" + tensor + "' is missing");
      }
      return found;
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
