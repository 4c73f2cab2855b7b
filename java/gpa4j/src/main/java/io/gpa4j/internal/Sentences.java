package io.gpa4j.internal;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where sentences end. {@link BreakIterator} knows the marks of all scripts, but wants a capital after a full stop and takes abbreviations for
 * ends: what it finds is added to (after any full stop, after the marks of Chinese and Japanese without a space, at empty lines) and thinned out.
 */
public final class Sentences {
  private static final String WIDE_ENDS = "。！？｡…";
  private static final String ENDS = ".!?" + WIDE_ENDS;
  private static final String CLOSERS = "”“’»«」』）】》\"')]";
  private static final String OPENERS = "“‘„«「『（【《¿¡\"'([";
  private static final Pattern EMPTY_LINE = Pattern.compile("\\R\\s*\\R\\s*");
  private static final Pattern DOTTED = Pattern.compile("(?:\\p{L}\\.)+\\p{L}");
  private static final Set<String> HALVES_OF_A_DAY = Set.of("a.m", "p.m");

  /** Abbreviations of a language, in small letters, without their last dot. */
  private record Language(Set<String> inside, Set<String> beforeNumber, Set<String> mayEnd, boolean dotsOrdinals) {
    static Language of(String inside, String beforeNumber, String mayEnd, boolean dotsOrdinals) {
      return new Language(words(inside), words(beforeNumber), words(mayEnd), dotsOrdinals);
    }

    private static Set<String> words(String list) {
      return Set.of(list.split(" "));
    }

    Language with(Language other) {
      return new Language(union(inside, other.inside), union(beforeNumber, other.beforeNumber), union(mayEnd, other.mayEnd), false);
    }

    private static Set<String> union(Set<String> a, Set<String> b) {
      Set<String> both = new HashSet<>(a);
      both.addAll(b);
      return both;
    }
  }

  private static final Map<String, Language> LANGUAGES = new HashMap<>(Map.of(
      "en", Language.of("mr mrs ms dr prof st mt rev gen col capt lt sgt messrs vs cf viz", "no nos vol fig figs pp ch sec eq jan feb mar apr aug sept sep oct nov dec",
          "etc inc ltd co corp jr sr bros dept approx", false),
      "de", Language.of("hr dr prof st bzw vgl ca sog evtl ggf inkl zzgl dipl ing bspw", "nr abb bd kap tab jan feb apr aug sept okt nov dez", "usw etc jh mio mrd", true),
      "fr", Language.of("mm mme mmes mlle dr st ste cf env", "no nº art fig vol chap janv févr avr juil sept oct nov déc", "etc", false),
      "es", Language.of("sr sra srta dr dra ud uds prof cf", "núm nº art fig vol cap", "etc", false)));
  private static final Language ANY = LANGUAGES.values().stream().reduce(Language::with).orElseThrow();
  private static final Language NONE = new Language(Set.of(), Set.of(), Set.of(), false);

  static {
    // Of these no abbreviations are known here, but "3. května" is a date.
    for (String language : List.of("cs", "sk", "sl", "hr", "pl", "hu", "da", "nb", "no", "fi", "et", "lv", "tr")) {
      LANGUAGES.put(language, new Language(Set.of(), Set.of(), Set.of(), true));
    }
  }

  private final String text;
  private final Language language;

  private Sentences(String text, Locale locale) {
    this.text = text;
    this.language = locale.getLanguage().isEmpty() ? ANY : LANGUAGES.getOrDefault(locale.getLanguage(), NONE);
  }

  /** The sentences of a text, with the spaces behind them. Of the root locale, abbreviations of all languages that are known here hold. */
  public static List<String> of(String text, Locale locale) {
    return new Sentences(text, locale).split(locale);
  }

  private List<String> split(Locale locale) {
    TreeSet<Integer> begins = new TreeSet<>();
    BreakIterator breaks = BreakIterator.getSentenceInstance(locale);
    breaks.setText(text);
    for (int at = breaks.first(); at != BreakIterator.DONE; at = breaks.next()) {
      begins.add(at);
    }
    addBehindMarks(begins);
    begins.removeIf(at -> at == 0 || at == text.length() || isInside(at));
    for (Matcher line = EMPTY_LINE.matcher(text); line.find(); ) {
      begins.add(line.end());
    }
    begins.add(text.length());
    List<String> sentences = new ArrayList<>();
    int from = 0;
    for (int to : begins) {
      if (to > from) {
        sentences.add(text.substring(from, to));
      }
      from = to;
    }
    return sentences;
  }

  // Whatever closes a quotation stays with its end; "3.5" stays whole.
  private void addBehindMarks(Set<Integer> begins) {
    for (int at = 0; at < text.length(); at++) {
      if (ENDS.indexOf(text.charAt(at)) < 0) {
        continue;
      }
      boolean wide = false;
      int end = at;
      for (; end < text.length() && (ENDS + CLOSERS).indexOf(text.charAt(end)) >= 0; end++) {
        wide |= WIDE_ENDS.indexOf(text.charAt(end)) >= 0;
      }
      int next = end;
      while (next < text.length() && Character.isWhitespace(text.charAt(next))) {
        next++;
      }
      if (wide || next > end) {
        begins.add(next);
      }
      at = end - 1;
    }
  }

  /** Whether the sentence before a place goes on behind it. */
  private boolean isInside(int at) {
    int end = skipBack(at, Character::isWhitespace);
    int mark = skipBack(end, c -> CLOSERS.indexOf(c) >= 0);
    if (mark == 0) {
      return false;
    }
    int next = at;
    while (next < text.length() - 1 && OPENERS.indexOf(text.charAt(next)) >= 0) {
      next++;
    }
    boolean small = Character.isLowerCase(text.codePointAt(next));
    char last = text.charAt(mark - 1);
    if (ENDS.indexOf(last) < 0) {
      return false;
    }
    boolean wide = WIDE_ENDS.indexOf(last) >= 0;
    // A mark without a space behind it; "Why?" he asked.
    if (!wide && end == at || mark < end && small) {
      return true;
    }
    if (last == '…' || text.startsWith("..", mark - 2)) {
      return small;
    }
    return last == '.' && isAbbreviation(mark - 1, next, small);
  }

  private boolean isAbbreviation(int dot, int next, boolean small) {
    String word = text.substring(skipBack(dot, c -> !Character.isWhitespace(c) && OPENERS.indexOf(c) < 0), dot);
    if (word.length() == 1 && Character.isLetter(word.charAt(0)) && !Character.isIdeographic(word.charAt(0))) {
      // J. R. R. Tolkien, z. B.; but: so do I.
      return !word.equals("I") || text.startsWith(".", next + 1);
    }
    String known = word.toLowerCase(Locale.ROOT);
    boolean number = Character.isDigit(text.charAt(next));
    if (DOTTED.matcher(word).matches()) {
      return small || number || !HALVES_OF_A_DAY.contains(known);
    }
    if (word.length() <= 2 && word.chars().allMatch(Character::isDigit)) {
      return language.dotsOrdinals;
    }
    return language.inside.contains(known) || number && language.beforeNumber.contains(known) || small && language.mayEnd.contains(known);
  }

  private interface Kind {
    boolean test(char c);
  }

  // The first place of the run of a kind that ends before a place.
  private int skipBack(int end, Kind kind) {
    int at = end;
    while (at > 0 && kind.test(text.charAt(at - 1))) {
      at--;
    }
    return at;
  }
}
