package io.gpa4j.conversion;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.gpa4j.ModelFormatException;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.gguf.GgufMetadata;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The tokens of a {@code tokenizer.json} as llama.cpp wants them: a list by id with types, and merges. */
final class LlamaVocabulary {
  /** llama.cpp's types of tokens. */
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  private static final String QWEN2_PATTERN = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
      + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private final String where;
  private final String[] tokens;
  private final int[] types;
  private final List<String> merges = new ArrayList<>();
  private boolean cutsAsQwen2;

  private LlamaVocabulary(String where, int size) {
    this.where = where;
    this.tokens = new String[size];
    this.types = new int[size];
  }

  /**
   * Reads it.
   *
   * @param where for messages
   * @param size rows of the embedding; ids that the tokenizer does not use get names that no text holds
   * @throws ModelFormatException if it is not well-formed, or does not fit the size
   * @throws UnsupportedModelException if it is no byte pair encoding
   */
  static LlamaVocabulary read(String where, String tokenizer, int size) {
    LlamaVocabulary vocabulary = new LlamaVocabulary(where, size);
    try (JsonParser json = new JsonFactory().createParser(tokenizer)) {
      vocabulary.expect(json.nextToken() == JsonToken.START_OBJECT, "holds no JSON object");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String key = json.currentName();
        json.nextToken();
        switch (key) {
          case "added_tokens" -> vocabulary.readAdded(json);
          case "model" -> vocabulary.readModel(json);
          case "pre_tokenizer" -> vocabulary.readPreTokenizer(json);
          default -> json.skipChildren();
        }
      }
    } catch (IOException e) {
      throw new ModelFormatException(where + ": no valid JSON: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
    }
    vocabulary.complete();
    return vocabulary;
  }

  private void readAdded(JsonParser json) throws IOException {
    while (json.nextToken() == JsonToken.START_OBJECT) {
      String content = null;
      long id = -1;
      boolean special = false;
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String key = json.currentName();
        JsonToken value = json.nextToken();
        switch (key) {
          case "content" -> content = json.getText();
          case "id" -> id = value == JsonToken.VALUE_NUMBER_INT ? json.getLongValue() : -1;
          case "special" -> special = value == JsonToken.VALUE_TRUE;
          default -> json.skipChildren();
        }
      }
      expect(content != null, "an entry of added_tokens has no content");
      // What looks special must not be found in plain text either.
      boolean control = special || content.startsWith("<|") && content.endsWith("|>");
      put(content, id, control ? CONTROL : USER_DEFINED);
    }
  }

  private void readModel(JsonParser json) throws IOException {
    expect(json.currentToken() == JsonToken.START_OBJECT, "its 'model' is no object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      JsonToken value = json.nextToken();
      if (key.equals("type") && !json.getText().equals("BPE")) {
        throw new UnsupportedModelException(where + ": its model is " + json.getText() + "; llama.cpp's gpt2 tokenizer is BPE");
      }
      if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String token = json.currentName();
          expect(json.nextToken() == JsonToken.VALUE_NUMBER_INT, "the id of token " + token + " is no integer");
          put(token, json.getLongValue(), NORMAL);
        }
      } else if (key.equals("merges") && value == JsonToken.START_ARRAY) {
        readMerges(json);
      } else {
        json.skipChildren();
      }
    }
  }

  // Strings "a b", or pairs in newer files.
  private void readMerges(JsonParser json) throws IOException {
    for (JsonToken value = json.nextToken(); value != JsonToken.END_ARRAY; value = json.nextToken()) {
      if (value == JsonToken.START_ARRAY) {
        String left = json.nextTextValue();
        String right = json.nextTextValue();
        expect(left != null && right != null && json.nextToken() == JsonToken.END_ARRAY, "a merge is no pair of strings");
        merges.add(left + " " + right);
      } else {
        expect(value == JsonToken.VALUE_STRING, "a merge is no string");
        merges.add(json.getText());
      }
    }
  }

  private void readPreTokenizer(JsonParser json) throws IOException {
    for (int depth = json.currentToken().isStructStart() ? 1 : 0; depth > 0;) {
      JsonToken token = json.nextToken();
      depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
      cutsAsQwen2 |= token == JsonToken.VALUE_STRING && json.getText().equals(QWEN2_PATTERN);
    }
  }

  private void put(String token, long id, int type) {
    expect(id >= 0 && id < tokens.length, "token " + token + " has id " + id + ", the embedding has " + tokens.length + " rows");
    expect(tokens[(int) id] == null || tokens[(int) id].equals(token), "tokens " + tokens[(int) id] + " and " + token + " have the id " + id);
    tokens[(int) id] = token;
    types[(int) id] = Math.max(types[(int) id], type);
  }

  private void complete() {
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < tokens.length; id++) {
      if (tokens[id] == null) {
        tokens[id] = "[PAD" + id + "]";
        types[id] = UNUSED;
      }
      Integer other = ids.put(tokens[id], id);
      expect(other == null, "the ids " + other + " and " + id + " are the same token " + tokens[id]);
    }
  }

  private void expect(boolean condition, String otherwise) {
    if (!condition) {
      throw new ModelFormatException(where + ": " + otherwise);
    }
  }

  /** Whether texts are cut as llama.cpp does it for {@code qwen2}, before pairs are merged. */
  boolean cutsAsQwen2() {
    return cutsAsQwen2;
  }

  /** The token of an id. */
  String token(int id) {
    return tokens[id];
  }

  /** Whether the tokenizer uses an id. */
  boolean isUsed(int id) {
    return types[id] != UNUSED;
  }

  /** The id of a token that is there, or -1. */
  int id(String token) {
    for (int id = 0; id < tokens.length; id++) {
      if (tokens[id].equals(token)) {
        return id;
      }
    }
    return -1;
  }

  void write(GgufMetadata metadata) {
    metadata.string("tokenizer.ggml.model", "gpt2").string("tokenizer.ggml.pre", "qwen2").strings("tokenizer.ggml.tokens", List.of(tokens))
        .integers("tokenizer.ggml.token_type", types).strings("tokenizer.ggml.merges", merges);
  }
}
