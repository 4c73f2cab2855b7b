package io.gpa4j.tests.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Tokenizers that are as they should be, and odd: random bytes hardly ever make one that comes through, and then a foreign library has it. */
final class TokenizerEdits {
  private static final int IDS = 60;
  private static final List<String> LETTERS = List.of("a", "b", "c", "\\u0120", "\\u00c3", "\\u00a9", "<", "|", ">", "e\\u0301", "\\u1112\\u1161", "\\ud83d\\ude00", " ",
      "\\u0000", "\\n", "#");
  private static final String CUT = "{\"type\":\"Split\",\"pattern\":{\"Regex\":" + SmallModel.PATTERN + "},\"behavior\":\"%s\",\"invert\":%b},";

  private final byte[] input;
  private int at;
  private final Map<String, Integer> vocabulary = new LinkedHashMap<>();

  private TokenizerEdits(byte[] input) {
    this.input = input;
  }

  /** The bytes if they begin as JSON does, else a tokenizer that they choose. */
  static String json(byte[] input) {
    return input.length == 0 || input[0] == '{' ? new String(input, StandardCharsets.UTF_8) : new TokenizerEdits(input).make();
  }

  private int next(int bound) {
    return at < input.length ? (input[at++] & 0xFF) % bound : 0;
  }

  private boolean flag() {
    return next(2) == 1;
  }

  private String make() {
    next(256);
    int step = new int[] {1, 7, 11, 59}[next(4)];
    LETTERS.forEach(letter -> vocabulary.put(letter, (vocabulary.size() + 1) * step % (IDS + 1)));
    List<String> merges = new ArrayList<>();
    for (int count = next(40); count > 0; count--) {
      String left = pick(new ArrayList<>(vocabulary.keySet()));
      String right = pick(new ArrayList<>(vocabulary.keySet()));
      if (vocabulary.containsKey(left + right) || left.length() + right.length() < 200 && vocabulary.size() < 50) {
        vocabulary.putIfAbsent(left + right, (vocabulary.size() + 1) * step % (IDS + 1));
        merges.add("[\"" + left + "\",\"" + right + "\"]");
      }
    }
    String unknown = flag() ? "\"" + pick(LETTERS) + "\"" : "null";
    return String.format("{\"added_tokens\":[%s],\"normalizer\":%s,\"pre_tokenizer\":%s,\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\","
        + "\"unk_token\":%s,\"fuse_unk\":%b,\"ignore_merges\":%b,\"vocab\":{%s},\"merges\":[%s]}}", added(), flag() ? "{\"type\":\"NFC\"}" : "null", cuts(),
        unknown, flag(), flag(), vocabulary.entrySet().stream().map(token -> "\"" + token.getKey() + "\":" + token.getValue()).collect(Collectors.joining(",")),
        String.join(",", merges));
  }

  private String pick(List<String> from) {
    return from.get(next(from.size()));
  }

  private String added() {
    Map<String, String> added = new LinkedHashMap<>();
    List<Integer> free = new ArrayList<>();
    for (int id = 0; id <= IDS; id++) {
      if (!vocabulary.containsValue(id)) {
        free.add(id);
      }
    }
    for (int count = next(10); count > 0 && !free.isEmpty(); count--) {
      StringBuilder content = new StringBuilder();
      for (int letters = next(5); letters >= 0; letters--) {
        content.append(pick(LETTERS));
      }
      if (!added.containsKey(content.toString())) {
        int id = vocabulary.containsKey(content.toString()) ? vocabulary.get(content.toString()) : free.remove(next(free.size()));
        added.put(content.toString(), String.format("{\"id\":%d,\"content\":\"%s\",\"normalized\":%b,\"special\":%b}", id, content, flag(), flag()));
      }
    }
    return String.join(",", added.values());
  }

  private String cuts() {
    StringBuilder cuts = new StringBuilder();
    for (int count = next(4); count > 0; count--) {
      cuts.append(String.format(CUT, flag() ? "Removed" : "Isolated", flag()));
    }
    return "{\"type\":\"Sequence\",\"pretokenizers\":[" + cuts + String.format("{\"type\":\"ByteLevel\",\"add_prefix_space\":%b,\"use_regex\":%b}]}", flag(), flag());
  }
}
