package io.gpa4j;

import io.gpa4j.internal.NativeEngine;
import io.gpa4j.internal.NativeFile;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What the model file says of itself, as far as it is read here. A value of another kind is a {@link ModelFormatException} naming file and key. */
final class ModelMetadata {
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  private final NativeEngine engine;
  private final String name;
  private final Map<String, NativeFile.Value> values;

  ModelMetadata(NativeEngine engine, String name) {
    this.engine = engine;
    this.name = name;
    this.values = engine.readFile(file -> file.values().stream().collect(Collectors.toMap(NativeFile.Value::key, Function.identity())));
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** A number, or the default where there is no such key. */
  double number(String key, double otherwise) {
    NativeFile.Value value = values.get(key);
    if (value == null) {
      return otherwise;
    }
    if (value.type() == STRING || value.type() == ARRAY) {
      throw new ModelFormatException(name + ": metadata '" + key + "' is no number");
    }
    return engine.readFile(file -> file.number(key, 0));
  }

  /** A string that is there. */
  String text(String key) {
    if (values.get(key).type() != STRING) {
      throw new ModelFormatException(name + ": metadata '" + key + "' is no string");
    }
    try {
      return engine.readFile(file -> file.text(key, 0));
    } catch (ModelFormatException e) {
      throw new ModelFormatException(name + ": " + e.getMessage(), e);
    }
  }

  /** How speech is sampled where the caller does not say. */
  Sampling sampling() {
    try {
      return new Sampling((float) number("gpa.sampling.temperature", 0.2), (int) number("gpa.sampling.top_k", 50),
          (float) number("gpa.sampling.top_p", 1), (float) number("gpa.sampling.repetition_penalty", 1.2));
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(name + ": gpa.sampling: " + e.getMessage(), e);
    }
  }
}
