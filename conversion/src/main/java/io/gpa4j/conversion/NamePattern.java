package io.gpa4j.conversion;

import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A pattern of tensor names: {@code *} is any run of characters, {@code ?} any one, {@code {a,b}} one of these. It may leave out a
 * trailing {@code .weight}: {@code decoder.*.ffn_down} finds {@code decoder.blk.0.ffn_down.weight}.
 *
 * @param text the pattern
 * @param regex the same as a regular expression
 */
record NamePattern(String text, Pattern regex) {
  private static final String WEIGHT = ".weight";

  /** Reads one; {@link IllegalArgumentException} if its braces do not pair, or nest. */
  static NamePattern of(String text) {
    Objects.requireNonNull(text, "text");
    StringBuilder regex = new StringBuilder();
    boolean inside = false;
    for (char c : text.toCharArray()) {
      if (c == '{' && inside || c == '}' && !inside) {
        throw unpaired(text);
      }
      inside = c == '{' || inside && c != '}';
      regex.append(translated(c, inside));
    }
    if (inside) {
      throw unpaired(text);
    }
    return new NamePattern(text, Pattern.compile(regex.toString()));
  }

  private static String translated(char c, boolean inside) {
    return switch (c) {
      case '*' -> ".*";
      case '?' -> ".";
      case '{' -> "(?:";
      case '}' -> ")";
      case ',' -> inside ? "|" : ",";
      default -> Pattern.quote(String.valueOf(c));
    };
  }

  private static IllegalArgumentException unpaired(String text) {
    return new IllegalArgumentException("'" + text + "': its braces do not pair");
  }

  boolean matches(String name) {
    return regex.matcher(name).matches()
        || name.endsWith(WEIGHT) && regex.matcher(name.substring(0, name.length() - WEIGHT.length())).matches();
  }
}
