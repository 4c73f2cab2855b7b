package io.gpa4j.quality;

import java.util.Locale;

/** Word error rate over many pairs of texts: (substituted + inserted + deleted words) / words of the references. Not thread-safe. */
public final class WordErrors {
  private long errors;
  private long words;
  // Sums over pairs of errors squared, errors times words, words squared.
  private double squares;
  private double products;
  private double squaredWords;

  /**
   * Adds one pair. Case and punctuation do not count.
   *
   * @param reference what was said
   * @param heard what was understood
   * @return the errors of this pair
   */
  public int add(String reference, String heard) {
    String[] want = words(reference);
    String[] got = words(heard);
    int distance = distance(want, got);
    errors += distance;
    words += want.length;
    squares += (double) distance * distance;
    products += (double) distance * want.length;
    squaredWords += (double) want.length * want.length;
    return distance;
  }

  /** Words of all references. */
  public long words() {
    return words;
  }

  /** Errors of all pairs. */
  public long errors() {
    return errors;
  }

  /** Errors in percent of the references' words; NaN without any words. */
  public double percent() {
    return words == 0 ? Double.NaN : 100.0 * errors / words;
  }

  /**
   * Standard error of {@link #percent()}, the pairs taken as drawn at random: sqrt(sum (errors - rate words)^2) / sum words; NaN without
   * any words.
   */
  public double standardErrorPercent() {
    double rate = (double) errors / words;
    return words == 0 ? Double.NaN : 100 * Math.sqrt(Math.max(0, squares - 2 * rate * products + rate * rate * squaredWords)) / words;
  }

  private static String[] words(String text) {
    String plain = text.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}']+", " ").strip();
    return plain.isEmpty() ? new String[0] : plain.split(" ");
  }

  // Levenshtein distance over words, one row at a time.
  private static int distance(String[] want, String[] got) {
    int[] row = new int[got.length + 1];
    for (int j = 0; j <= got.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= want.length; i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= got.length; j++) {
        int substituted = diagonal + (want[i - 1].equals(got[j - 1]) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j - 1], row[j]));
      }
    }
    return row[got.length];
  }
}
