package io.gpa4j.internal;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpa4j.ModelFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * The model's text tokenizer by Hugging Face's own library. What a user types is encoded by a tokenizer that knows no added
 * token, so that {@code <|im_end|>} is plain characters. Thread-safe.
 */
public final class TextTokenizer implements AutoCloseable {
  private static final Object LOADING = new Object();

  private final String json;
  private final String name;
  private final HuggingFaceTokenizer plain;
  private HuggingFaceTokenizer parsing;

  /** Builds it from a {@code tokenizer.json}; name is what errors begin with. */
  public TextTokenizer(String json, String name) {
    this.json = json;
    this.name = name;
    try {
      ObjectMapper mapper = new ObjectMapper();
      if (!(mapper.readTree(json) instanceof ObjectNode root)) {
        throw new ModelFormatException(name + ": tokenizer.huggingface.json is no JSON object");
      }
      root.putArray("added_tokens");
      root.putNull("post_processor");
      this.plain = build(mapper.writeValueAsString(root), name);
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(name + ": tokenizer.huggingface.json: " + e.getOriginalMessage(), e);
    }
  }

  /** Ids of a text as plain characters. */
  public int[] encode(String text) {
    return toInts(plain.encode(text, false, false).getIds());
  }

  /** Ids of a text in which special tokens are recognised. */
  public int[] encodeWithSpecialTokens(String text) {
    synchronized (this) {
      if (parsing == null) {
        parsing = build(json, name);
      }
    }
    return toInts(parsing.encode(text, false, false).getIds());
  }

  /** Text of ids; ids that are no plain text count for nothing. */
  public String decode(int[] ids) {
    return plain.decode(Arrays.stream(ids).asLongStream().toArray(), true);
  }

  @Override
  public synchronized void close() {
    plain.close();
    if (parsing != null) {
      parsing.close();
    }
  }

  private static int[] toInts(long[] ids) {
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }

  private static HuggingFaceTokenizer build(String json, String name) {
    Map<String, String> options = Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");
    // DJL reads these when it makes a tokenizer: no download (its library is in the jar), no message home.
    synchronized (LOADING) {
      String offline = System.setProperty("ai.djl.offline", "true");
      try {
        return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), options);
      } catch (IOException | RuntimeException e) {
        throw new ModelFormatException(name + ": tokenizer.huggingface.json: " + AudioReader.reason(e), e);
      } finally {
        if (offline == null) {
          System.clearProperty("ai.djl.offline");
        } else {
          System.setProperty("ai.djl.offline", offline);
        }
      }
    }
  }
}
