package io.gpa4j.conversion;

import java.util.Map;

/** What the decoder of a model file is called in a file of llama.cpp. */
final class LlamaDecoder {
  /** Prefix of the decoder's tensors in a model file; behind it names are the same. */
  static final String PREFIX = "decoder.";
  static final String TOKENS = "tokenizer.ggml.tokens";

  /** Integers: behind {@code gpa.decoder.} here, behind the architecture there. */
  static final Map<String, String> INTEGERS = Map.of(
      "block_count", "block_count",
      "embedding_length", "embedding_length",
      "feed_forward_length", "feed_forward_length",
      "head_count", "attention.head_count",
      "head_count_kv", "attention.head_count_kv",
      "head_dim", "attention.key_length",
      "vocab_size", "vocab_size");

  /** Floats, likewise. */
  static final Map<String, String> FLOATS = Map.of(
      "rms_epsilon", "attention.layer_norm_rms_epsilon",
      "rope_theta", "rope.freq_base");

  private LlamaDecoder() {}

  /** The vocabulary of a model's decoder. */
  static LlamaVocabulary vocabulary(GgufModel model) {
    return LlamaVocabulary.read(model.path() + ": " + GgufModel.TOKENIZER, model.values().text(GgufModel.TOKENIZER),
        model.vocabulary());
  }
}
