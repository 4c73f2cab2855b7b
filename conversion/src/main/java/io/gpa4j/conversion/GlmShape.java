package io.gpa4j.conversion;

import io.gpa4j.UnsupportedModelException;
import io.gpa4j.checkpoint.Settings;
import io.gpa4j.gguf.GgufMetadata;

/** config.json of the GLM speech tokenizer: Whisper's encoder up to the vector quantizer in its middle. */
record GlmShape(int blocks, long dim, long heads, long ffn, long causalBlock, long pooling, long positions, long melBins, long codes) {
  private static final long MAX_EXTENT = 1 << 20;

  static GlmShape read(Settings config) {
    long dim = config.integer("d_model", 1, MAX_EXTENT);
    long heads = config.integer("encoder_attention_heads", 1, dim);
    if (dim % heads != 0) {
      throw config.wrong("encoder_attention_heads", "a divisor of d_model (" + dim + ")");
    }
    int position = (int) config.integer("pooling_position", 1, 1024);
    if (config.integer("quantize_position", 1, 1024, position) != position) {
      throw config.wrong("quantize_position", "the same as pooling_position (" + position + ")");
    }
    if (config.integer("encoder_layers", 0, 1024, position) < position) {
      throw config.wrong("encoder_layers", "at least pooling_position (" + position + ")");
    }
    refuseUnless(config, "encoder_causal_convolution", config.flag("encoder_causal_convolution", false), "true");
    refuseUnless(config, "encoder_causal_attention", !config.flag("encoder_causal_attention", false), "false");
    refuseUnless(config, "pooling_type", config.text("pooling_type", "avg").equals("avg"), "avg");
    refuseUnless(config, "activation_function", config.text("activation_function", "gelu").equals("gelu"), "gelu");
    long positions = config.integer("max_source_positions", 1, MAX_EXTENT);
    return new GlmShape(position, dim, heads, config.integer("encoder_ffn_dim", 1, MAX_EXTENT),
        config.integer("quantize_causal_block_size", 1, MAX_EXTENT), config.integer("pooling_kernel_size", 1, Math.min(64, positions)), positions,
        config.integer("num_mel_bins", 1, 512), config.integer("quantize_vocab_size", 1, MAX_EXTENT));
  }

  private static void refuseUnless(Settings config, String key, boolean supported, String expected) {
    if (!supported) {
      throw new UnsupportedModelException(config.where() + ": '" + key + "' is " + config.shownAt(key) + "; only " + expected + " is supported");
    }
  }

  void write(GgufMetadata metadata) {
    metadata.u32("gpa.glm.block_count", blocks).u32("gpa.glm.embedding_length", dim).u32("gpa.glm.head_count", heads)
        .u32("gpa.glm.feed_forward_length", ffn).u32("gpa.glm.causal_block", causalBlock).u32("gpa.glm.pooling", pooling)
        .u32("gpa.glm.max_positions", positions).u32("gpa.glm.mel_bins", melBins);
  }
}
