package io.gpa4j.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.gpa4j.ModelFormatException;
import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * JSON of known fields, read once from begin to end without a tree: a field that is unknown, there twice or of another kind than asked for
 * is a {@link ModelFormatException} that names it. Depth and lengths are bounded.
 */
final class StrictJson implements AutoCloseable {
  /** Reads the value that the parser stands at; the path is what messages call it. */
  interface Field {
    void read(String path) throws IOException;
  }

  /** The same, of a field of any name. */
  interface NamedField {
    void read(String path, String name) throws IOException;
  }

  private static final int MAX_DEPTH = 16;
  private static final int MAX_TEXT = 10_000;
  private static final int MAX_DIGITS = 30;
  private static final int SHOWN = 80;
  // Field names are not kept: a vocabulary has a hundred thousand.
  private static final JsonFactory JSON = JsonFactory.builder().disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
      .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).maxStringLength(MAX_TEXT).maxNameLength(MAX_TEXT)
          .maxNumberLength(MAX_DIGITS).build()).build();

  private final JsonParser json;
  private final String where;

  private StrictJson(JsonParser json, String where) {
    this.json = json;
    this.where = where;
  }

  /** Reads a whole text by its root; messages begin with where. */
  static void read(String text, String where, Function<StrictJson, Field> root) {
    try (StrictJson strict = new StrictJson(JSON.createParser(text), where)) {
      strict.json.nextToken();
      root.apply(strict).read("");
      if (strict.json.nextToken() != null) {
        throw strict.wrong("", "goes on behind its end");
      }
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(where + ": no valid JSON: " + shown(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new ModelFormatException(where + ": " + AudioReader.reason(e), e);
    }
  }

  /** An object of fields by name; each may be absent. */
  void object(String path, Map<String, Field> fields) throws IOException {
    expect(path, JsonToken.START_OBJECT, "an object");
    Set<String> seen = new HashSet<>();
    String prefix = path.isEmpty() ? "" : path + ".";
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      Field field = fields.get(name);
      if (field == null) {
        throw wrong(prefix + name, "is not known");
      }
      if (!seen.add(name)) {
        throw wrong(prefix + name, "is there twice");
      }
      json.nextToken();
      field.read(prefix + name);
    }
  }

  /** An object of any names. */
  void names(String path, NamedField value) throws IOException {
    expect(path, JsonToken.START_OBJECT, "an object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      value.read(path + "." + name, name);
    }
  }

  /** An array. */
  void array(String path, Field element) throws IOException {
    expect(path, JsonToken.START_ARRAY, "an array");
    for (int i = 0; json.nextToken() != JsonToken.END_ARRAY; i++) {
      element.read(path + "[" + i + "]");
    }
  }

  boolean isNull() {
    return json.currentToken() == JsonToken.VALUE_NULL;
  }

  boolean isText() {
    return json.currentToken() == JsonToken.VALUE_STRING;
  }

  String text(String path) throws IOException {
    expect(path, JsonToken.VALUE_STRING, "a string");
    String text = json.getText();
    if (!isWellFormed(text)) {
      throw wrong(path, "is '" + shown(text) + "', which is no Unicode");
    }
    return text;
  }

  boolean flag(String path) {
    if (json.currentToken() != JsonToken.VALUE_TRUE) {
      expect(path, JsonToken.VALUE_FALSE, "true or false");
    }
    return json.currentToken() == JsonToken.VALUE_TRUE;
  }

  /** An integer of 0 to most. */
  int integer(String path, int most) throws IOException {
    expect(path, JsonToken.VALUE_NUMBER_INT, "an integer");
    if (json.getNumberType() != JsonParser.NumberType.INT || json.getIntValue() < 0 || json.getIntValue() > most) {
      throw wrong(path, "is " + shown(json.getText()) + ", expected 0 to " + most);
    }
    return json.getIntValue();
  }

  /** Anything that Jackson accepts. */
  void skip(String path) throws IOException {
    json.skipChildren();
  }

  /** Whether every surrogate has its other half. */
  static boolean isWellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (!Character.isHighSurrogate(text.charAt(i)) || i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  private void expect(String path, JsonToken token, String kind) {
    if (json.currentToken() != token) {
      throw wrong(path, "is " + kind() + ", expected " + kind);
    }
  }

  private String kind() {
    JsonToken token = json.currentToken();
    return switch (token == null ? JsonToken.NOT_AVAILABLE : token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
      case VALUE_TRUE, VALUE_FALSE -> "true or false";
      case VALUE_NULL -> "null";
      default -> "nothing";
    };
  }

  /** What is wrong with a field. */
  ModelFormatException wrong(String path, String what) {
    return new ModelFormatException(where + ": " + (path.isEmpty() ? "" : shown(path) + " ") + what);
  }

  /** A text from the file as a message can hold it: short, in one line. */
  static String shown(String text) {
    String line = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    return line.replaceAll("[\\p{Cntrl}\\p{Cs}\\u2028\\u2029]", "\ufffd");
  }

  @Override
  public void close() throws IOException {
    json.close();
  }
}
