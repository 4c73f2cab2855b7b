package io.gpa4j.internal;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The byte pair encoding of a {@code tokenizer.json}: tokens with ids, and the pairs that are merged, first ones first. */
final class TokenizerModel {
  private static final int MAX_TOKEN = 1000;

  private final StrictJson json;
  private final int ids;
  private final Map<String, Integer> vocabulary = new LinkedHashMap<>();
  private final Set<Integer> taken = new HashSet<>();
  private final List<String> merges = new ArrayList<>();
  private String type;
  private String unknown;
  private boolean fuseUnknown;
  private boolean ignoreMerges;

  /** Ids must be less than ids. */
  TokenizerModel(StrictJson json, int ids) {
    this.json = json;
    this.ids = ids;
  }

  /** The value that the parser stands at. */
  void read(String path) throws IOException {
    json.object(path, Map.of(
        "type", at -> type = json.text(at),
        "dropout", this::requireNull,
        "unk_token", at -> unknown = json.isNull() ? null : json.text(at),
        "continuing_subword_prefix", this::requireEmpty,
        "end_of_word_suffix", this::requireEmpty,
        "fuse_unk", at -> fuseUnknown = json.flag(at),
        "byte_fallback", this::requireFalse,
        "ignore_merges", at -> ignoreMerges = json.flag(at),
        "vocab", this::readVocabulary,
        "merges", at -> json.array(at, this::readMerge)));
    check(path);
  }

  private void requireNull(String path) {
    if (!json.isNull()) {
      throw json.wrong(path, "is set, expected null");
    }
  }

  private void requireEmpty(String path) throws IOException {
    if (!json.isNull() && !json.text(path).isEmpty()) {
      throw json.wrong(path, "is set, expected null");
    }
  }

  private void requireFalse(String path) {
    if (json.flag(path)) {
      throw json.wrong(path, "is true, expected false");
    }
  }

  private void readVocabulary(String path) throws IOException {
    json.names(path, (at, token) -> {
      if (token.isEmpty() || token.length() > MAX_TOKEN || !StrictJson.isWellFormed(token)) {
        throw json.wrong(at, "is a token of no, more than " + MAX_TOKEN + " or broken characters");
      }
      int id = json.integer(at, ids - 1);
      if (!taken.add(id)) {
        throw json.wrong(at, "has the id " + id + " of another token");
      }
      if (vocabulary.put(token, id) != null) {
        throw json.wrong(at, "is there twice");
      }
    });
  }

  // Strings "a b", or pairs in newer files.
  private void readMerge(String path) throws IOException {
    if (json.isText()) {
      String merge = json.text(path);
      int space = merge.indexOf(' ');
      if (space < 0) {
        throw json.wrong(path, "is '" + StrictJson.shown(merge) + "', expected two tokens with a space between them");
      }
      merges.add(merge.substring(0, space));
      merges.add(merge.substring(space + 1));
      return;
    }
    int before = merges.size();
    json.array(path, at -> {
      merges.add(json.text(at));
      if (merges.size() > before + 2) {
        throw json.wrong(path, "has more than two tokens");
      }
    });
    if (merges.size() != before + 2) {
      throw json.wrong(path, "has not two tokens");
    }
  }

  private void check(String path) {
    if (!"BPE".equals(type)) {
      throw json.wrong(path + ".type", "is " + (type == null ? "missing" : "'" + StrictJson.shown(type) + "'") + ", expected BPE");
    }
    if (vocabulary.isEmpty()) {
      throw json.wrong(path + ".vocab", "has no token");
    }
    if (unknown != null && !vocabulary.containsKey(unknown)) {
      throw json.wrong(path + ".unk_token", "is '" + StrictJson.shown(unknown) + "', which is not in the vocabulary");
    }
    for (int i = 0; i < merges.size(); i += 2) {
      String left = merges.get(i);
      String right = merges.get(i + 1);
      for (String token : new String[] {left, right, left + right}) {
        if (!vocabulary.containsKey(token)) {
          throw json.wrong(path + ".merges[" + i / 2 + "]", "wants the token '" + StrictJson.shown(token) + "', which is not in the vocabulary");
        }
      }
    }
  }

  /** The id of a token; null where it is not in the vocabulary. */
  Integer id(String token) {
    return vocabulary.get(token);
  }

  /** Whether a token of the vocabulary has an id. */
  boolean has(int id) {
    return taken.contains(id);
  }

  /** Writes it as the library reads it, with more tokens, which no merge makes. */
  void write(JsonGenerator to, Map<String, Integer> more) throws IOException {
    to.writeStartObject();
    to.writeStringField("type", type);
    to.writeNullField("dropout");
    to.writeStringField("unk_token", unknown);
    to.writeNullField("continuing_subword_prefix");
    to.writeNullField("end_of_word_suffix");
    to.writeBooleanField("fuse_unk", fuseUnknown);
    to.writeBooleanField("byte_fallback", false);
    to.writeBooleanField("ignore_merges", ignoreMerges);
    to.writeObjectFieldStart("vocab");
    for (Map<String, Integer> tokens : List.of(vocabulary, more)) {
      for (Map.Entry<String, Integer> token : tokens.entrySet()) {
        to.writeNumberField(token.getKey(), token.getValue());
      }
    }
    to.writeEndObject();
    to.writeArrayFieldStart("merges");
    for (int i = 0; i < merges.size(); i += 2) {
      to.writeStartArray();
      to.writeString(merges.get(i));
      to.writeString(merges.get(i + 1));
      to.writeEndArray();
    }
    to.writeEndArray();
    to.writeEndObject();
  }
}
