package io.gpa4j.cli;

/** Word error rate over many pairs of texts: (substituted + inserted + deleted words) / words of the reference. */
final class WordErrors {
  private int errors;
  private int words;

  /** Adds one pair; returns its errors. Case and punctuation do not count. */
  int add(String reference, String heard) {
    String[] want = words(reference);
    String[] got = words(heard);
    int distance = distance(want, got);
    errors += distance;
    words += want.length;
    return distance;
  }

  int words() {
    return words;
  }

  /** In percent of the reference's words. */
  double percent() {
    return 100.0 * errors / Math.max(1, words);
  }

  private static String[] words(String text) {
    String plain = text.toLowerCase(java.util.Locale.ROOT).replaceAll("[^\\p{L}\\p{N}']+", " ").strip();
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
