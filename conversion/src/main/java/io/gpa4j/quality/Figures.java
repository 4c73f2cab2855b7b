package io.gpa4j.quality;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Locale;
import java.util.Map;

/** Figures of reports as people and as JSON read them: NaN stands for what was not measured. */
public final class Figures {
  private Figures() {}

  /** A figure in a table: "-" for NaN, "inf" or "-inf" where it has no bound. */
  public static String text(String format, double value) {
    return Double.isNaN(value) ? "-" : Double.isInfinite(value) ? (value > 0 ? "inf" : "-inf") : String.format(Locale.ROOT, format, value);
  }

  /** A figure in JSON, which has neither: null for NaN, "inf" or "-inf" where it has no bound. */
  public static Object number(double value) {
    return Double.isNaN(value) ? null : Double.isInfinite(value) ? (Object) (value > 0 ? "inf" : "-inf") : (Object) value;
  }

  /** Maps, lists, numbers and strings as JSON. */
  public static String json(Map<String, Object> root) {
    try {
      return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("maps of numbers and strings are valid JSON", e);
    }
  }
}
