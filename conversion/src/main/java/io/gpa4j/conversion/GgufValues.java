package io.gpa4j.conversion;

import io.gpa4j.ModelFile;
import io.gpa4j.ModelFormatException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/** Metadata of an open GGUF file by key and kind; what is missing or of another kind is a {@link ModelFormatException} that names it. */
final class GgufValues {
  private static final long MOST = 0xFFFF_FFFFL;

  private final ModelFile file;
  private final Map<String, ModelFile.Value> values = new LinkedHashMap<>();

  GgufValues(ModelFile file) {
    this.file = file;
    file.values().forEach(value -> values.put(value.key(), value));
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** Elements of an array of strings; 0 if it is not there. */
  long countOfTexts(String key) {
    return has(key) ? require(key, true).count() : 0;
  }

  /** A string. */
  String text(String key) {
    return text(key, 0);
  }

  /** An element of an array of strings. */
  String text(String key, long index) {
    require(key, true);
    return file.text(key, index);
  }

  /** A number. */
  double number(String key) {
    require(key, false);
    return file.number(key, 0);
  }

  /** A number that may be absent. */
  OptionalDouble optionalNumber(String key) {
    return has(key) ? OptionalDouble.of(number(key)) : OptionalDouble.empty();
  }

  /** An integer of 0 to 2^32 - 1: all counts, sizes and ids of model files are such. */
  long integer(String key) {
    double number = number(key);
    if (!(number >= 0 && number <= MOST) || number != Math.rint(number)) {
      throw new ModelFormatException(file.path() + ": metadata '" + key + "' is " + number + ", expected an integer of 0 to " + MOST);
    }
    return (long) number;
  }

  private ModelFile.Value require(String key, boolean isText) {
    ModelFile.Value value = values.get(key);
    if (value == null) {
      throw new ModelFormatException(file.path() + ": metadata '" + key + "' is missing");
    }
    if (value.isText() != isText || value.count() == 0) {
      throw new ModelFormatException(file.path() + ": metadata '" + key + "' is of type " + value.type() + " of " + value.elementType()
          + ", expected a " + (isText ? "string" : "number"));
    }
    return value;
  }
}
