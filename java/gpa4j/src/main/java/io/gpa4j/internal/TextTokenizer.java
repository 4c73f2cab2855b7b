package io.gpa4j.internal;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.gpa4j.ModelFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * The model's text tokenizer by Hugging Face's own library. What a user types is encoded by a tokenizer that knows no added
 * token, so that {@code <|im_end|>} is plain characters. Thread-safe.
 */
public final class TextTokenizer implements AutoCloseable {
  private static final Object LOADING = new Object();
  private static final JsonFactory JSON = JsonFactory.builder().disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
      .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(64).build()).build();

  private final String json;
  private final String name;
  private final HuggingFaceTokenizer plain;
  private HuggingFaceTokenizer parsing;

  /** Builds it from a {@code tokenizer.json}; name is what errors begin with. */
  public TextTokenizer(String json, String name) {
    this.json = json;
    this.name = name;
    try {
      this.plain = build(withoutAddedTokens(json, name), name);
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(name + ": tokenizer.huggingface.json: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new ModelFormatException(name + ": tokenizer.huggingface.json: " + AudioReader.reason(e), e);
    }
  }

  // Copied token by token: a tree of it would be many times as large.
  private static String withoutAddedTokens(String json, String name) throws IOException {
    StringWriter out = new StringWriter(json.length());
    try (JsonParser from = JSON.createParser(json); JsonGenerator to = JSON.createGenerator(out)) {
      if (from.nextToken() != JsonToken.START_OBJECT) {
        throw new ModelFormatException(name + ": tokenizer.huggingface.json is no JSON object");
      }
      to.writeStartObject();
      while (from.nextToken() == JsonToken.FIELD_NAME) {
        String key = from.currentName();
        from.nextToken();
        if (key.equals("added_tokens") || key.equals("post_processor")) {
          from.skipChildren();
        } else {
          to.writeFieldName(key);
          to.copyCurrentStructureExact(from);
        }
      }
      to.writeArrayFieldStart("added_tokens");
      to.writeEndArray();
      to.writeNullField("post_processor");
      to.writeEndObject();
    }
    return out.toString();
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

  private int[] toInts(long[] ids) {
    for (long id : ids) {
      if (id < 0 || id > Integer.MAX_VALUE) {
        throw new ModelFormatException(name + ": tokenizer.huggingface.json gives the id " + id);
      }
    }
    return Arrays.stream(ids).mapToInt(id -> (int) id).toArray();
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
