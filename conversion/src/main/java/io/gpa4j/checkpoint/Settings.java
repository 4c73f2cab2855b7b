package io.gpa4j.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.ModelFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Values of a configuration file, read by key and checked; errors name file and key. A null value counts as absent. */
public final class Settings {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final LoadSettings YAML = LoadSettings.builder().setAllowDuplicateKeys(false).build();

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
    try {
      return of(file, new Load(YAML).loadFromString(new String(content, StandardCharsets.UTF_8)));
    } catch (YamlEngineException e) {
      throw new ModelFormatException(file + ": no valid YAML: " + e.getMessage().lines().findFirst().orElse(""), e);
    } catch (StackOverflowError e) {
      throw new ModelFormatException(file + ": no valid YAML: nested too deeply", e);
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
    return new ModelFormatException(where + ": '" + key + "' is " + values.get(key) + ", expected " + expected);
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
