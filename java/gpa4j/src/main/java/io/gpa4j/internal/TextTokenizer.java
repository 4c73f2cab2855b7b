package io.gpa4j.internal;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.gpa4j.ModelFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * The model's text tokenizer by Hugging Face's own library, which is given nothing that {@link TokenizerJson} did not understand. What a
 * user types is encoded by a tokenizer that knows no added token, so that {@code <|im_end|>} is plain characters. Thread-safe.
 */
public final class TextTokenizer implements AutoCloseable {
  private static final Object LOADING = new Object();

  private final String json;
  private final String name;
  private final int ids;
  private final HuggingFaceTokenizer plain;
  private HuggingFaceTokenizer parsing;

  /**
   * Builds it from a {@code tokenizer.json}.
   *
   * @param json what is checked to be one before the library sees it
   * @param name what errors begin with
   * @param ids how many the model has: every token's is less
   * @throws ModelFormatException if it is not well-formed, or not of the kind that Qwen's are
   */
  public TextTokenizer(String json, String name, int ids) {
    this.json = json;
    this.name = name + ": tokenizer.huggingface.json";
    this.ids = ids;
    this.plain = build(false);
  }

  /** Ids of a text as plain characters. */
  public int[] encode(String text) {
    return toInts(plain.encode(text, false, false).getIds());
  }

  /** Ids of a text in which special tokens are recognised. */
  public int[] encodeWithSpecialTokens(String text) {
    synchronized (this) {
      if (parsing == null) {
        parsing = build(true);
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
        throw new ModelFormatException(name + " gives the id " + id);
      }
    }
    return Arrays.stream(ids).mapToInt(id -> (int) id).toArray();
  }

  private HuggingFaceTokenizer build(boolean withAdded) {
    byte[] checked = TokenizerJson.read(json, name, ids).write(withAdded).getBytes(StandardCharsets.UTF_8);
    Map<String, String> options = Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");
    // DJL reads these when it makes a tokenizer: no download (its library is in the jar), no message home.
    synchronized (LOADING) {
      String offline = System.setProperty("ai.djl.offline", "true");
      try {
        return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(checked), options);
      } catch (IOException | RuntimeException e) {
        throw new ModelFormatException(name + ": " + AudioReader.reason(e), e);
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
