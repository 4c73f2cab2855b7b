package io.gpa4j.gguf;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.ModelFile;
import io.gpa4j.ModelFile.TensorInfo;
import io.gpa4j.ModelFile.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a model file holds: metadata, tensors, totals by network and by type. Works on any GGUF file. */
public final class Inspector {
  private static final int LONGEST_TEXT = 100;
  private static final int LONGEST_ARRAY = 16;

  /**
   * A part of the file.
   *
   * @param name the network, or the type
   * @param tensors number of tensors
   * @param elements number of elements
   * @param bytes bytes of data
   */
  public record Total(String name, long tensors, long elements, long bytes) {}

  private final Path path;
  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private final List<TensorInfo> tensors;

  private Inspector(ModelFile file) {
    this.path = file.path();
    this.tensors = file.tensors();
    for (Value value : file.values()) {
      metadata.put(value.key(), read(file, value));
    }
  }

  /**
   * Reads a file's metadata and tensor list.
   *
   * @throws io.gpa4j.GpaIoException if it cannot be read
   * @throws io.gpa4j.ModelFormatException if it is not well-formed
   */
  public static Inspector inspect(Path path) {
    try (ModelFile file = ModelFile.open(path)) {
      return new Inspector(file);
    }
  }

  private static Object read(ModelFile file, Value value) {
    if (!value.isArray()) {
      return element(file, value, 0);
    }
    List<Object> elements = new ArrayList<>();
    for (long i = 0; i < Math.min(value.count(), LONGEST_ARRAY); i++) {
      elements.add(element(file, value, i));
    }
    if (value.count() > LONGEST_ARRAY) {
      elements.add("… " + value.count() + " elements");
    }
    return elements;
  }

  private static Object element(ModelFile file, Value value, long index) {
    if (value.isText()) {
      String text = file.text(value.key(), index);
      return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "… (" + text.length() + " characters)";
    }
    double number = file.number(value.key(), index);
    return switch (value.elementType()) {
      case "bool" -> number != 0;
      case "f32" -> Double.parseDouble(Float.toString((float) number));
      case "f64" -> number;
      default -> (Object) (long) number;
    };
  }

  /** Metadata in the file's order; long strings and arrays are cut and say so. */
  public Map<String, Object> metadata() {
    return new LinkedHashMap<>(metadata);
  }

  /** All tensors in the file's order. */
  public List<TensorInfo> tensors() {
    return tensors;
  }

  /** Totals by network: the part of a name before its first dot. */
  public List<Total> networks() {
    return totals(tensors.stream().collect(Collectors.groupingBy(t -> t.name().split("\\.", 2)[0], LinkedHashMap::new, Collectors.toList())));
  }

  /** Totals by element type. */
  public List<Total> types() {
    return totals(tensors.stream().collect(Collectors.groupingBy(TensorInfo::type, LinkedHashMap::new, Collectors.toList())));
  }

  private static List<Total> totals(Map<String, List<TensorInfo>> groups) {
    List<Total> totals = new ArrayList<>();
    groups.forEach((name, group) -> totals.add(new Total(name, group.size(), group.stream().mapToLong(Inspector::elements).sum(),
        group.stream().mapToLong(TensorInfo::bytes).sum())));
    return totals;
  }

  private static long elements(TensorInfo tensor) {
    return tensor.shape().stream().reduce(1L, (a, b) -> a * b);
  }

  /** The file for people: metadata, a line a tensor, totals. */
  public String toText() {
    StringBuilder text = new StringBuilder(path + "\n\n");
    metadata.forEach((key, value) -> text.append(String.format(Locale.ROOT, "%-44s %s%n", key, plain(String.valueOf(value)))));
    text.append(String.format(Locale.ROOT, "%n%-52s %-6s %14s  %s%n", "tensor", "type", "bytes", "shape"));
    tensors.forEach(t -> text.append(String.format(Locale.ROOT, "%-52s %-6s %,14d  %s%n", t.name(), t.type(), t.bytes(), t.shape())));
    appendTotals(text, "network", networks());
    appendTotals(text, "type", types());
    return text.toString();
  }

  // A line is a value's, and a terminal obeys control characters.
  private static String plain(String text) {
    return text.replaceAll("[\\s\\p{Cntrl}]+", " ");
  }

  private static void appendTotals(StringBuilder text, String title, List<Total> totals) {
    text.append(String.format(Locale.ROOT, "%n%-16s %8s %16s %16s%n", title, "tensors", "elements", "bytes"));
    totals.forEach(t -> text.append(String.format(Locale.ROOT, "%-16s %,8d %,16d %,16d%n", t.name(), t.tensors(), t.elements(), t.bytes())));
    text.append(String.format(Locale.ROOT, "%-16s %,8d %,16d %,16d%n", "all", totals.stream().mapToLong(Total::tensors).sum(),
        totals.stream().mapToLong(Total::elements).sum(), totals.stream().mapToLong(Total::bytes).sum()));
  }

  /** The file as JSON. */
  public String toJson() {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("file", path.toString());
    root.put("metadata", metadata);
    root.put("tensors", tensors);
    root.put("networks", networks());
    root.put("types", types());
    try {
      return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("maps, numbers and strings are valid JSON", e);
    }
  }
}
