package io.gpa4j.conversion;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.gpa4j.ModelFormatException;
import io.gpa4j.gguf.GgufMetadata;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Which ids mean what, read from the added tokens of a tokenizer.json. */
final class TokenLayout {
  private static final Map<String, String> SINGLES = new LinkedHashMap<>();
  private static final Map<String, String> RANGES = new LinkedHashMap<>();
  private static final String END_OF_ANSWER = "<|im_end|>";
  private static final int MAX_ADDED = 1 << 18;
  private static final int MAX_CONTENT = 1000;
  private static final JsonFactory JSON = JsonFactory.builder().disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
      .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(64).build()).build();

  static {
    SINGLES.put("start_content", "<|start_content|>");
    SINGLES.put("end_content", "<|end_content|>");
    SINGLES.put("start_global", "<|start_global_token|>");
    SINGLES.put("end_global", "<|end_global_token|>");
    SINGLES.put("start_semantic", "<|start_semantic_token|>");
    SINGLES.put("end_semantic", "<|end_semantic_token|>");
    SINGLES.put("start_glm", "<|start_glm_token|>");
    SINGLES.put("end_glm", "<|end_glm_token|>");
    RANGES.put("glm", "<|glm_semantic_");
    RANGES.put("global", "<|bicodec_global_");
    RANGES.put("semantic", "<|bicodec_semantic_");
  }

  private final String file;
  private final Map<String, Long> added;

  private TokenLayout(String file, Map<String, Long> added) {
    this.file = file;
    this.added = added;
  }

  /** Reads added_tokens alone, without building the vocabulary in memory. */
  static TokenLayout read(String file, byte[] tokenizer) {
    try (JsonParser json = JSON.createParser(tokenizer)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new ModelFormatException(file + ": holds no JSON object");
      }
      Map<String, Long> added = new HashMap<>();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String key = json.currentName();
        json.nextToken();
        if (key.equals("added_tokens") && json.currentToken() == JsonToken.START_ARRAY) {
          while (json.nextToken() == JsonToken.START_OBJECT) {
            readToken(file, json, added);
          }
        } else {
          json.skipChildren();
        }
      }
      return new TokenLayout(file, added);
    } catch (IOException e) {
      throw new ModelFormatException(file + ": no valid JSON: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
    }
  }

  private static void readToken(String file, JsonParser json, Map<String, Long> added) throws IOException {
    String content = null;
    long id = -1;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      json.nextToken();
      if (key.equals("content")) {
        content = json.getText();
      } else if (key.equals("id") && json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
        id = json.getLongValue();
      } else {
        json.skipChildren();
      }
    }
    if (content == null || id < 0 || content.length() > MAX_CONTENT) {
      throw new ModelFormatException(file + ": an entry of added_tokens lacks its id or content, or is longer than " + MAX_CONTENT + " characters");
    }
    if (added.size() == MAX_ADDED) {
      throw new ModelFormatException(file + ": more than " + MAX_ADDED + " added tokens");
    }
    if (added.putIfAbsent(content, id) != null) {
      throw new ModelFormatException(file + ": added token " + content + " is there twice");
    }
  }

  /**
   * Writes what there is.
   *
   * @param complete whether the audio networks are there, so that every token must be
   * @param endOfSequence id that the configuration gives, for tokenizers without the usual end token; -1: none
   */
  void write(GgufMetadata metadata, long vocab, boolean complete, long endOfSequence) {
    long end = added.getOrDefault(END_OF_ANSWER, endOfSequence);
    if (end >= 0) {
      metadata.u32("gpa.tokens.end_of_answer", checked(END_OF_ANSWER, end, vocab));
    } else if (complete) {
      throw missing(END_OF_ANSWER);
    }
    SINGLES.forEach((key, content) -> {
      Long id = added.get(content);
      if (id != null) {
        metadata.u32("gpa.tokens." + key, checked(content, id, vocab));
      } else if (complete) {
        throw missing(content);
      }
    });
    if (!added.isEmpty()) {
      long text = added.values().stream().mapToLong(Long::longValue).min().orElseThrow();
      metadata.u32("gpa.tokens.text_count", Math.min(text, vocab));
    }
    RANGES.forEach((key, prefix) -> writeRange(metadata, key, prefix, vocab, complete));
  }

  private void writeRange(GgufMetadata metadata, String key, String prefix, long vocab, boolean complete) {
    Long first = added.get(prefix + "0|>");
    if (first == null) {
      if (complete) {
        throw missing(prefix + "0|>");
      }
      return;
    }
    long count = added.keySet().stream().filter(content -> content.startsWith(prefix)).count();
    for (long i = 0; i < count; i++) {
      Long id = added.get(prefix + i + "|>");
      if (id == null) {
        throw missing(prefix + i + "|>");
      }
      if (id != first + i) {
        throw new ModelFormatException(file + ": token " + prefix + i + "|> has id " + id + ", expected " + (first + i)
            + ": the ids of " + prefix + "*|> must follow each other");
      }
      checked(prefix + i + "|>", id, vocab);
    }
    metadata.u32("gpa.tokens." + key + ".first", first).u32("gpa.tokens." + key + ".count", count);
  }

  /** Number of tokens of a range ("glm", "global", "semantic"); 0 where there are none. */
  long count(String range) {
    return added.keySet().stream().filter(content -> content.startsWith(RANGES.get(range))).count();
  }

  private long checked(String content, long id, long vocab) {
    if (id >= vocab) {
      throw new ModelFormatException(file + ": token " + content + " has id " + id + ", the decoder's vocabulary ends before " + vocab);
    }
    return id;
  }

  private ModelFormatException missing(String content) {
    return new ModelFormatException(file + ": the added token " + content + " is missing");
  }
}
