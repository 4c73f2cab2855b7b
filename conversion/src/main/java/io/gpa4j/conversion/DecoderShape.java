package io.gpa4j.conversion;

import io.gpa4j.UnsupportedModelException;
import io.gpa4j.checkpoint.Settings;
import io.gpa4j.gguf.GgufMetadata;
import java.util.List;
import java.util.Map;

/** The decoder's config.json: a Qwen2 or Qwen3 for causal language modelling. */
record DecoderShape(String architecture, int blocks, long dim, long ffn, long heads, long kvHeads, long headDim, long context, long vocab,
    double epsilon, double theta, boolean tied) {
  private static final long MAX_EXTENT = 1 << 24;

  static DecoderShape read(Settings config) {
    String type = config.text("model_type", "");
    if (config.has("architectures") && config.values().get("architectures") instanceof List<?> list && !list.isEmpty()
        && list.get(0) instanceof String name) {
      type = name.equals("Qwen3ForCausalLM") ? "qwen3" : name.equals("Qwen2ForCausalLM") ? "qwen2" : name;
    }
    if (!type.equals("qwen2") && !type.equals("qwen3")) {
      throw new UnsupportedModelException(config.where() + ": 'architectures' is " + Settings.shown(type) + "; decoders are Qwen2ForCausalLM or Qwen3ForCausalLM");
    }
    long dim = config.integer("hidden_size", 1, MAX_EXTENT);
    long heads = config.integer("num_attention_heads", 1, 1 << 16);
    long kvHeads = config.integer("num_key_value_heads", 1, heads, heads);
    if (!config.has("head_dim") && dim % heads != 0) {
      throw config.wrong("hidden_size", "a multiple of num_attention_heads, as head_dim is absent");
    }
    long headDim = config.integer("head_dim", 2, 1 << 16, dim / heads);
    if (heads % kvHeads != 0) {
      throw config.wrong("num_key_value_heads", "a divisor of num_attention_heads");
    }
    if (headDim % 2 != 0) {
      throw config.wrong("head_dim", "an even number");
    }
    refuse(config, "rope_scaling", config.has("rope_scaling") && !isDefaultRope(config, "rope_scaling"));
    refuse(config, "use_sliding_window", config.flag("use_sliding_window", false));
    refuse(config, "hidden_act", !config.text("hidden_act", "silu").equals("silu"));
    refuse(config, "attention_bias", type.equals("qwen3") && config.flag("attention_bias", false));
    boolean nested = config.has("rope_parameters") && config.values().get("rope_parameters") instanceof Map<?, ?>;
    refuse(config, "rope_parameters", nested && !isDefaultRope(config, "rope_parameters"));
    double theta = (nested ? config.section("rope_parameters") : config).positive("rope_theta", 10000);
    return new DecoderShape(type, (int) config.integer("num_hidden_layers", 1, 4096), dim, config.integer("intermediate_size", 1, MAX_EXTENT),
        heads, kvHeads, headDim, config.integer("max_position_embeddings", 1, MAX_EXTENT, 32768),
        config.integer("vocab_size", 1, MAX_EXTENT), config.positive("rms_norm_eps", 1e-6), theta, config.flag("tie_word_embeddings", false));
  }

  private static boolean isDefaultRope(Settings config, String key) {
    return config.values().get(key) instanceof Map<?, ?> map
        && "default".equals(map.get(map.containsKey("rope_type") ? "rope_type" : "type"));
  }

  private static void refuse(Settings config, String key, boolean refused) {
    if (refused) {
      throw new UnsupportedModelException(config.where() + ": '" + key + "' is " + config.shownAt(key) + ", which the decoder does not support");
    }
  }

  void write(GgufMetadata metadata) {
    metadata.string("gpa.decoder.architecture", architecture).u32("gpa.decoder.block_count", blocks)
        .u32("gpa.decoder.embedding_length", dim).u32("gpa.decoder.feed_forward_length", ffn)
        .u32("gpa.decoder.head_count", heads).u32("gpa.decoder.head_count_kv", kvHeads).u32("gpa.decoder.head_dim", headDim)
        .u32("gpa.decoder.context_length", context).u32("gpa.decoder.vocab_size", vocab)
        .f32("gpa.decoder.rms_epsilon", epsilon).f32("gpa.decoder.rope_theta", theta);
  }

  /** A line for the model card. */
  String describe() {
    return architecture + " " + blocks + " x " + dim + ", " + heads + "/" + kvHeads + " heads x " + headDim + ", ffn " + ffn + ", vocabulary " + vocab
        + (tied ? ", tied" : ", untied");
  }
}
