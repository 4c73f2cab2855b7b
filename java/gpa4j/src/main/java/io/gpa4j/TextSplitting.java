package io.gpa4j;

import io.gpa4j.internal.Sentences;
import java.text.BreakIterator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * How long text is split into pieces that are spoken one by one: between sentences, whether or not the next one begins with a capital, and at
 * empty lines; sentences that are too long at commas, or else between words. Neighbours that fit one piece stay together. Abbreviations
 * ("Dr. Who", "z. B.", "5 p.m. today"), initials, quotations that go on ("Why?" he asked) and dots that do ("wait... what") end no sentence.
 *
 * <pre>{@code
 * TextSplitting calm = new TextSplitting(Locale.ENGLISH, 200, Duration.ofMillis(400));
 * gpa.speak("One sentence. Another one.", anna, SpeechOptions.builder().splitting(calm).build(), chunk -> true);
 * }</pre>
 *
 * @param locale whose language's abbreviations hold, and whether "3." is the third: English, German, French and Spanish are known well;
 *     {@link Locale#ROOT}: the abbreviations of all four, and "3." ends a sentence
 * @param longest characters of the longest piece, 20 to 10,000; those of East Asian scripts count three times
 * @param pause silence that is put between two pieces, at most 10 s; the pieces bring some of their own
 */
public record TextSplitting(Locale locale, int longest, Duration pause) {
  private static final TextSplitting DEFAULTS = new TextSplitting(Locale.ROOT, 300, Duration.ofMillis(150));
  private static final int LEAST_CHARACTERS = 20;
  private static final int MOST_CHARACTERS = 10_000;
  private static final int WIDE = 3;
  private static final String CLOSERS = "”’」』）】》\"')]";
  private static final String COMMAS = ",;:，、；：–—";

  /** Checks the ranges. */
  public TextSplitting {
    Objects.requireNonNull(locale, "locale");
    Objects.requireNonNull(pause, "pause");
    if (longest < LEAST_CHARACTERS || longest > MOST_CHARACTERS) {
      throw new IllegalArgumentException("longest is " + longest + ", expected " + LEAST_CHARACTERS + " to " + MOST_CHARACTERS);
    }
    if (pause.isNegative() || pause.toSeconds() >= 10) {
      throw new IllegalArgumentException("pause is " + pause.toMillis() + " ms, expected 0 to 9999");
    }
  }

  /**
   * The root locale, pieces of up to 300 characters, which are about 20 s, 150 ms between them.
   *
   * @return the defaults
   */
  public static TextSplitting defaults() {
    return DEFAULTS;
  }

  /**
   * This with another longest piece.
   *
   * @param characters 20 to 10,000
   * @return such a splitting
   */
  public TextSplitting withLongest(int characters) {
    return new TextSplitting(locale, characters, pause);
  }

  /**
   * This for another language.
   *
   * @param value whose language it is; {@link Locale#ROOT}: unknown
   * @return such a splitting
   */
  public TextSplitting withLocale(Locale value) {
    return new TextSplitting(value, longest, pause);
  }

  /**
   * The pieces of a text.
   *
   * @param text any
   * @return the text itself if it fits one piece, else pieces without space around them; none of a blank text
   */
  public List<String> split(String text) {
    if (text.isBlank()) {
      return List.of();
    }
    if (length(text) <= longest) {
      return List.of(text);
    }
    List<String> parts = new ArrayList<>();
    for (String sentence : Sentences.of(text, locale)) {
      for (String part : clauses(sentence)) {
        parts.addAll(length(part) <= longest ? List.of(part) : words(part));
      }
    }
    return merged(parts).stream().map(String::strip).filter(piece -> !piece.isEmpty()).toList();
  }

  private List<String> clauses(String sentence) {
    return length(sentence) <= longest ? List.of(sentence) : merged(cutAfterCommas(sentence));
  }

  private List<String> words(String clause) {
    BreakIterator breaks = BreakIterator.getLineInstance(locale);
    breaks.setText(clause);
    List<String> words = new ArrayList<>();
    int begin = breaks.first();
    for (int end = breaks.next(); end != BreakIterator.DONE; begin = end, end = breaks.next()) {
      words.addAll(hardCut(clause.substring(begin, end)));
    }
    return merged(words);
  }

  // A word without end is no word; a character of two halves stays whole.
  private List<String> hardCut(String word) {
    List<String> cut = new ArrayList<>();
    int begin = 0;
    int length = 0;
    for (int at = 0; at < word.length(); at += Character.charCount(word.codePointAt(at))) {
      int more = length(word.codePointAt(at));
      if (length + more > longest) {
        cut.add(word.substring(begin, at));
        begin = at;
        length = 0;
      }
      length += more;
    }
    cut.add(word.substring(begin));
    return cut;
  }

  // Whatever closes a quotation stays with its end; "3,5" and "12:30" stay whole.
  private static List<String> cutAfterCommas(String text) {
    List<String> cut = new ArrayList<>();
    int begin = 0;
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (COMMAS.indexOf(c) < 0 || c < 0x80 && at + 1 < text.length() && !Character.isWhitespace(text.charAt(at + 1))) {
        continue;
      }
      while (at + 1 < text.length() && (COMMAS + CLOSERS).indexOf(text.charAt(at + 1)) >= 0) {
        at++;
      }
      cut.add(text.substring(begin, at + 1));
      begin = at + 1;
    }
    if (begin < text.length()) {
      cut.add(text.substring(begin));
    }
    return cut;
  }

  // Neighbours that fit one piece, together.
  private List<String> merged(List<String> parts) {
    List<String> pieces = new ArrayList<>();
    StringBuilder piece = new StringBuilder();
    int length = 0;
    for (String part : parts) {
      int more = length(part);
      if (length > 0 && length + more > longest) {
        pieces.add(piece.toString());
        piece.setLength(0);
        length = 0;
      }
      piece.append(part);
      length += more;
    }
    pieces.add(piece.toString());
    return pieces;
  }

  /** Characters, those of East Asian scripts thrice. */
  static int length(String text) {
    return text.codePoints().map(TextSplitting::length).sum();
  }

  private static int length(int character) {
    return switch (Character.UnicodeScript.of(character)) {
      case HAN, HIRAGANA, KATAKANA, HANGUL -> WIDE;
      default -> 1;
    };
  }
}
