package io.gpa4j.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.ModelFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;

/** Values of a configuration file, read by key and checked; errors name file and key. A null value counts as absent. */
public final class Settings {
  private static final int MAX_DEPTH = 64;
  private static final int MAX_YAML_BYTES = 1 << 14;
  private static final int MAX_JSON_TOKENS = 1 << 20;
  private static final int MAX_SHOWN = 80;
  private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
      .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES).streamReadConstraints(
      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).maxTokenCount(MAX_JSON_TOKENS).build()).build());
  // Aliases of collections make trees of any size, and trees without an end, out of a few bytes; no configuration needs them.
  private static final LoadSettings YAML = LoadSettings.builder().setAllowDuplicateKeys(false).setMaxAliasesForCollections(0)
      .setAllowNonScalarKeys(false).setCodePointLimit(MAX_YAML_BYTES).build();

  private final String where;
  private final Map<?, ?> values;

  private Settings(String where, Map<?, ?> values) {
    this.where = where;
    this.values = values;
  }

  /** Parses a JSON object; file is its name for messages. */
  public static Settings json(String file, byte[] content) {
    try {
      return of(file, JSON.readValue(content, Object.class));
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(file + ": no valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new ModelFormatException(file + ": no valid JSON: " + e.getMessage(), e);
    }
  }

  /** Parses a YAML mapping; file is its name for messages. */
  public static Settings yaml(String file, byte[] content) {
    if (content.length > MAX_YAML_BYTES) {
      throw new ModelFormatException(file + ": " + content.length + " bytes of YAML; at most " + MAX_YAML_BYTES + " are expected here");
    }
    String text = new String(content, StandardCharsets.UTF_8);
    try {
      checkDepth(file, text);
      return of(file, new Load(YAML).loadFromString(text));
    } catch (ModelFormatException e) {
      throw e;
    } catch (RuntimeException e) {
      // Not only its own exceptions: numbers and escapes that are none come out of it as they are.
      throw new ModelFormatException(file + ": no valid YAML: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
    }
  }

  // The library builds its tree by recursion, but finds the tree's ends without.
  private static void checkDepth(String file, String yaml) {
    int depth = 0;
    for (Event event : new Parse(YAML).parseString(yaml)) {
      if (event instanceof CollectionStartEvent) {
        depth++;
      } else if (event instanceof CollectionEndEvent) {
        depth--;
      }
      if (depth > MAX_DEPTH) {
        throw new ModelFormatException(file + ": no valid YAML: nested deeper than " + MAX_DEPTH);
      }
    }
  }

  private static Settings of(String file, Object parsed) {
    if (!(parsed instanceof Map<?, ?> map)) {
      throw new ModelFormatException(file + ": holds no mapping of keys to values");
    }
    return new Settings(file, map);
  }

  /** Whether the key has a value other than null. */
  public boolean has(String key) {
    return values.get(key) != null;
  }

  /** The raw values. */
  public Map<String, Object> values() {
    @SuppressWarnings("unchecked")
    Map<String, Object> typed = (Map<String, Object>) values;
    return Collections.unmodifiableMap(typed);
  }

  /** A mapping inside. */
  public Settings section(String key) {
    if (require(key) instanceof Map<?, ?> map) {
      return new Settings(where + ": " + key, map);
    }
    throw wrong(key, "a mapping");
  }

  /** An integer in [min, max]. */
  public long integer(String key, long min, long max) {
    if (require(key) instanceof Number number && number.doubleValue() == number.longValue()
        && number.longValue() >= min && number.longValue() <= max) {
      return number.longValue();
    }
    throw wrong(key, "an integer from " + min + " to " + max);
  }

  /** An integer in [min, max], or the default where the key is absent. */
  public long integer(String key, long min, long max, long otherwise) {
    return has(key) ? integer(key, min, max) : otherwise;
  }

  /** A finite number. */
  public double number(String key) {
    if (require(key) instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw wrong(key, "a number");
  }

  /** A finite number, or the default where the key is absent. */
  public double number(String key, double otherwise) {
    return has(key) ? number(key) : otherwise;
  }

  /** A number above zero that a float can hold, or the default where the key is absent. */
  public double positive(String key, double otherwise) {
    double value = number(key, otherwise);
    if (value < Float.MIN_NORMAL || value > Float.MAX_VALUE) {
      throw wrong(key, "a positive number");
    }
    return value;
  }

  /** A boolean, or the default where the key is absent. */
  public boolean flag(String key, boolean otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (values.get(key) instanceof Boolean value) {
      return value;
    }
    throw wrong(key, "true or false");
  }

  /** A string, or the default where the key is absent. */
  public String text(String key, String otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (values.get(key) instanceof String value) {
      return value;
    }
    throw wrong(key, "a string");
  }

  /** At most 64 integers in [min, max]. */
  public int[] integers(String key, int min, int max) {
    if (require(key) instanceof List<?> list && list.size() <= 64
        && list.stream().allMatch(x -> x instanceof Integer i && i >= min && i <= max)) {
      return list.stream().mapToInt(x -> (Integer) x).toArray();
    }
    throw wrong(key, "a list of integers from " + min + " to " + max);
  }

  /** A refusal that names file and key. */
  public ModelFormatException wrong(String key, String expected) {
    return new ModelFormatException(where + ": '" + key + "' is " + shownAt(key) + ", expected " + expected);
  }

  /** The value of a key as it may stand in a message: short. */
  public String shownAt(String key) {
    return shown(values.get(key));
  }

  /** Any value of a configuration as it may stand in a message: short, and without a look into what it holds. */
  public static String shown(Object value) {
    if (value instanceof Map) {
      return "a mapping";
    }
    if (value instanceof Collection) {
      return "a list";
    }
    String text = String.valueOf(value);
    return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…";
  }

  /** The file, and the section in it, for messages. */
  public String where() {
    return where;
  }

  private Object require(String key) {
    Object value = values.get(key);
    if (value == null) {
      throw new ModelFormatException(where + ": '" + key + "' is missing");
    }
    return value;
  }
}
