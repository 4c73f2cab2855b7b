package io.gpa4j.cli;

import java.io.Console;
import java.lang.Character.UnicodeScript;
import java.util.EnumSet;
import java.util.Set;

/** Whether somebody watches. */
final class Terminal {
  private static final int USUAL_COLUMNS = 80;
  // Two columns a character.
  private static final Set<UnicodeScript> WIDE = EnumSet.of(UnicodeScript.HIRAGANA, UnicodeScript.KATAKANA, UnicodeScript.HANGUL);

  private Terminal() {}

  /** How wide the terminal is that standard error is; 0: it is none. The launcher knows, Java does not. */
  static int columns() {
    Integer told = Integer.getInteger("gpa.columns");
    return told != null ? told : isInteractive() ? USUAL_COLUMNS : 0;
  }

  /** A text in so many columns, cut or followed by spaces; what a terminal would obey is shown as a question mark. */
  static String fitted(String text, int columns) {
    StringBuilder fitted = new StringBuilder();
    int left = columns;
    for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
      int character = text.codePointAt(at);
      left -= Character.isIdeographic(character) || WIDE.contains(UnicodeScript.of(character)) ? 2 : 1;
      if (left < 0) {
        left = 0;
        break;
      }
      fitted.appendCodePoint(Character.isISOControl(character) || Character.getType(character) == Character.FORMAT ? '?' : character);
    }
    return fitted + " ".repeat(Math.max(0, left));
  }

  /** Whether standard input and output are a terminal. From Java 22 on there is a console without one too, and a method that tells. */
  static boolean isInteractive() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (Boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }
}
