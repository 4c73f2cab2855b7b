package io.gpa4j;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Words of transcriptions of more and more audio, of which those that two in a row agree on are kept. Source: Liu, Spanakis and Niehues
 * 2020, "Low-latency sequence-to-sequence speech recognition and translation by partial hypothesis selection" (local agreement). Text without
 * spaces counts by characters where it is written in ideographs or kana.
 */
final class StableWords {
  private static final String WIDE = "[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}]";
  private static final String BETWEEN_WORDS = "(?<=\\S)(?=\\s)|(?<=" + WIDE + ")(?=\\S)|(?<=\\S)(?=" + WIDE + ")";

  private final List<String> kept = new ArrayList<>();
  private List<String> latest = List.of();

  /** Takes the next transcription. */
  void next(String text) {
    List<String> words = words(text);
    for (int i = kept.size(); i < Math.min(words.size(), latest.size()) && words.get(i).strip().equals(latest.get(i).strip()); i++) {
      kept.add(words.get(i));
    }
    latest = words;
  }

  /** The final text, given the last transcription. */
  String last(String text) {
    return kept.isEmpty() ? text : (String.join("", kept) + rest(words(text))).strip();
  }

  /** The words that stay. */
  String kept() {
    return String.join("", kept).strip();
  }

  /** Those that follow for now. */
  String likely() {
    return rest(latest).strip();
  }

  private String rest(List<String> words) {
    return String.join("", words.subList(Math.min(kept.size(), words.size()), words.size()));
  }

  // Each with the spaces before it.
  private static List<String> words(String text) {
    return text.isBlank() ? List.of() : Arrays.asList(text.strip().split(BETWEEN_WORDS));
  }
}
