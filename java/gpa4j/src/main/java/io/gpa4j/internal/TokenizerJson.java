package io.gpa4j.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A {@code tokenizer.json} from a file that nobody vouches for, before the library that works with it sees it: over some contents that
 * ends the process, over others it takes time or memory without end. Accepted is what the tokenizers of Qwen and of models made from them
 * consist of, and the library gets what was understood, written anew.
 */
final class TokenizerJson {
  private static final int MAX_ADDED = 1 << 16; // The library compares each with each.
  private static final int MAX_CONTENT = 128; // It makes an automaton of them, and each letter costs a kilobyte there.
  private static final JsonFactory JSON = new JsonFactory();

  private record Added(int id, String content, boolean normalized, boolean special) {}

  private final StrictJson json;
  private final TokenizerModel model;
  private final TokenizerCuts cuts;
  private final Map<String, Added> added = new LinkedHashMap<>();
  private final Set<Integer> addedIds = new HashSet<>();
  private final int ids;
  private boolean hasModel;
  private boolean hasDecoder;
  private boolean composes;

  private TokenizerJson(StrictJson json, int ids) {
    this.json = json;
    this.ids = ids;
    this.model = new TokenizerModel(json, ids);
    this.cuts = new TokenizerCuts(json);
  }

  /**
   * Reads one.
   *
   * @param where what messages begin with
   * @param ids how many there are: every token's is less
   * @throws io.gpa4j.ModelFormatException if it is no JSON, or holds anything else than such a tokenizer does; it names the field
   */
  static TokenizerJson read(String text, String where, int ids) {
    TokenizerJson[] read = new TokenizerJson[1];
    StrictJson.read(text, where, json -> {
      read[0] = new TokenizerJson(json, ids);
      return read[0]::readRoot;
    });
    return read[0];
  }

  private void readRoot(String path) throws IOException {
    // How batches are cut and filled, and which tokens surround a text, is not asked of it here.
    json.object(path, Map.of("version", json::skip, "truncation", json::skip, "padding", json::skip, "post_processor", json::skip,
        "added_tokens", at -> json.array(at, this::readAdded), "normalizer", this::readNormalizer, "pre_tokenizer", cuts::read,
        "decoder", this::readDecoder, "model", this::readModel));
    if (!hasModel) {
      throw json.wrong("model", "is missing");
    }
    if (!hasDecoder) {
      throw json.wrong("decoder", "is missing");
    }
    cuts.check();
    added.values().forEach(this::check);
  }

  private void readModel(String path) throws IOException {
    model.read(path);
    hasModel = true;
  }

  private void readNormalizer(String path) throws IOException {
    if (!json.isNull()) {
      json.object(path, Map.of("type", at -> requireType(at, "NFC")));
      composes = true;
    }
  }

  private void readDecoder(String path) throws IOException {
    json.object(path, Map.of("type", at -> {
      requireType(at, "ByteLevel");
      hasDecoder = true;
    }, "add_prefix_space", json::flag, "trim_offsets", json::flag, "use_regex", json::flag));
  }

  private void requireType(String path, String type) throws IOException {
    String text = json.text(path);
    if (!text.equals(type)) {
      throw json.wrong(path, "is '" + StrictJson.shown(text) + "', expected " + type);
    }
  }

  private void readAdded(String path) throws IOException {
    Object[] token = {-1, "", false, false};
    json.object(path, Map.of("id", at -> token[0] = json.integer(at, ids - 1), "content", at -> token[1] = json.text(at),
        "normalized", at -> token[2] = json.flag(at), "special", at -> token[3] = json.flag(at),
        "single_word", this::requireFalse, "lstrip", this::requireFalse, "rstrip", this::requireFalse));
    Added read = new Added((Integer) token[0], (String) token[1], (Boolean) token[2], (Boolean) token[3]);
    if (read.content.isEmpty() || read.content.length() > MAX_CONTENT) {
      throw json.wrong(path + ".content", "has " + read.content.length() + " characters, expected 1 to " + MAX_CONTENT);
    }
    if (read.id < 0) {
      throw json.wrong(path + ".id", "is missing");
    }
    if (!addedIds.add(read.id) || added.put(read.content, read) != null) {
      throw json.wrong(path, "has the id or the content of another one");
    }
    if (added.size() > MAX_ADDED) {
      throw json.wrong("added_tokens", "are more than " + MAX_ADDED);
    }
  }

  // Tokens that eat the spaces beside them overlap others: the library stumbles over that.
  private void requireFalse(String path) {
    if (json.flag(path)) {
      throw json.wrong(path, "is true, expected false");
    }
  }

  private void check(Added token) {
    Integer id = model.id(token.content);
    if (id == null && model.has(token.id)) {
      throw json.wrong("added_tokens", "give '" + StrictJson.shown(token.content) + "' the id " + token.id + " of another token");
    }
    if (id != null && id != token.id) {
      throw json.wrong("added_tokens", "give '" + StrictJson.shown(token.content) + "' the id " + token.id + ", the vocabulary gives it " + id);
    }
  }

  /** Writes it for the library, with or without the added tokens. */
  String write(boolean withAdded) {
    StringWriter text = new StringWriter();
    try (JsonGenerator to = JSON.createGenerator(text)) {
      to.writeStartObject();
      to.writeStringField("version", "1.0");
      to.writeArrayFieldStart("added_tokens");
      if (withAdded) {
        for (Added token : added.values()) {
          write(token, to);
        }
      }
      to.writeEndArray();
      if (composes) {
        to.writeObjectFieldStart("normalizer");
        to.writeStringField("type", "NFC");
        to.writeEndObject();
      }
      to.writeFieldName("pre_tokenizer");
      cuts.write(to);
      to.writeFieldName("decoder");
      TokenizerCuts.writeByteLevel(to, false, false);
      to.writeFieldName("model");
      model.write(to, withAdded ? ids() : Map.of());
      to.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("a string writer does not fail", e);
    }
    return text.toString();
  }

  // The library numbers added tokens as it likes, but for those that are in the vocabulary. A letter there would be found in words.
  private Map<String, Integer> ids() {
    Map<String, Integer> more = new LinkedHashMap<>();
    added.values().stream().filter(token -> token.content.length() > 1 && model.id(token.content) == null)
        .forEach(token -> more.put(token.content, token.id));
    return more;
  }

  private static void write(Added token, JsonGenerator to) throws IOException {
    to.writeStartObject();
    to.writeNumberField("id", token.id);
    to.writeStringField("content", token.content);
    for (String flag : new String[] {"single_word", "lstrip", "rstrip"}) {
      to.writeBooleanField(flag, false);
    }
    to.writeBooleanField("normalized", token.normalized);
    to.writeBooleanField("special", token.special);
    to.writeEndObject();
  }
}
