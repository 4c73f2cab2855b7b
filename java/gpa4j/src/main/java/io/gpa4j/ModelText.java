package io.gpa4j;

import io.gpa4j.internal.NativeEngine;
import io.gpa4j.internal.TextTokenizer;
import java.util.Arrays;

/** Text on its way in and out of a model: its tokenizer, made at the first use, and its limits. */
final class ModelText implements AutoCloseable {
  private static final String TOKENIZER = "tokenizer.huggingface.json";
  // start_global, 32 voice tokens, end_global, start_content, text, end_content
  private static final int SPEECH_PROMPT_TOKENS = Voice.TOKENS + 4;

  private final NativeEngine engine;
  private final ModelMetadata metadata;
  private final String name;
  private final int contextTokens;
  private final int textCount;
  private TextTokenizer tokenizer;

  ModelText(NativeEngine engine, ModelMetadata metadata, String name, int contextTokens) {
    this.engine = engine;
    this.metadata = metadata;
    this.name = name;
    this.textCount = (int) metadata.number("gpa.tokens.text_count", Integer.MAX_VALUE);
    int modelTokens = (int) metadata.number("gpa.decoder.context_length", Integer.MAX_VALUE);
    this.contextTokens = contextTokens == 0 ? modelTokens : Math.min(contextTokens, modelTokens);
  }

  /** Throws unless the engine is open and there is a tokenizer. */
  void check() {
    if (engine.isClosed()) {
      throw NativeEngine.closedException();
    }
    if (!metadata.has(TOKENIZER)) {
      throw new UnsupportedModelException(name + ": holds no text tokenizer (" + TOKENIZER + "), so it neither reads nor writes text");
    }
  }

  int[] encode(String words, boolean parseSpecial) {
    return parseSpecial ? tokenizer().encodeWithSpecialTokens(words) : tokenizer().encode(words);
  }

  /** Ids of a text to speak, which fit the context. */
  int[] encodeForSpeech(String words) {
    int[] ids = encode(words, false);
    if (ids.length >= contextTokens - SPEECH_PROMPT_TOKENS) {
      throw new CapacityException("words: a piece of the text has " + ids.length + " tokens, with the voice "
          + (ids.length + SPEECH_PROMPT_TOKENS) + ", which leaves no room for an answer in a context of " + contextTokens
          + "; let the pieces be shorter (TextSplitting)");
    }
    return ids;
  }

  String decode(int[] ids) {
    return tokenizer().decode(Arrays.stream(ids).filter(id -> id < textCount).toArray());
  }

  private synchronized TextTokenizer tokenizer() {
    check();
    if (tokenizer == null) {
      tokenizer = new TextTokenizer(metadata.text(TOKENIZER), name, (int) metadata.number("gpa.decoder.vocab_size", Integer.MAX_VALUE));
    }
    return tokenizer;
  }

  @Override
  public synchronized void close() {
    // A request that has just been heard may still decode: the tokenizer's own cleaner frees it.
    tokenizer = null;
  }
}
