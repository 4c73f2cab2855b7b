package io.gpa4j.conversion;

import io.gpa4j.UnsupportedModelException;
import io.gpa4j.checkpoint.Settings;
import io.gpa4j.gguf.GgufMetadata;
import java.util.Arrays;

/** config.json of wav2vec2; blocks are those that the features need. */
record Wav2vec2Shape(int blocks, long dim, long heads, long ffn, long positionalTaps, long positionalGroups, int[] convDim, int[] convTaps,
    int[] convStride, int[] featureLayers, double epsilon) {
  private static final int MAX_EXTENT = 1 << 20;
  private static final int[] PUBLISHED_FEATURE_LAYERS = {11, 14, 16};

  static Wav2vec2Shape read(Settings config) {
    long dim = config.integer("hidden_size", 1, MAX_EXTENT);
    long heads = config.integer("num_attention_heads", 1, dim);
    long groups = config.integer("num_conv_pos_embedding_groups", 1, dim);
    if (dim % heads != 0) {
      throw config.wrong("num_attention_heads", "a divisor of hidden_size (" + dim + ")");
    }
    if (dim % groups != 0) {
      throw config.wrong("num_conv_pos_embedding_groups", "a divisor of hidden_size (" + dim + ")");
    }
    refuseUnless(config, "feat_extract_norm", config.text("feat_extract_norm", "group").equals("layer"), "layer");
    refuseUnless(config, "do_stable_layer_norm", config.flag("do_stable_layer_norm", false), "true");
    refuseUnless(config, "conv_bias", config.flag("conv_bias", false), "true");
    refuseUnless(config, "hidden_act", config.text("hidden_act", "gelu").equals("gelu"), "gelu");
    refuseUnless(config, "feat_extract_activation", config.text("feat_extract_activation", "gelu").equals("gelu"), "gelu");
    int[] dims = config.integers("conv_dim", 1, MAX_EXTENT);
    int[] taps = config.integers("conv_kernel", 1, 4096);
    int[] strides = config.integers("conv_stride", 1, 4096);
    if (dims.length == 0 || dims.length != taps.length || dims.length != strides.length) {
      throw config.wrong("conv_dim", "one entry per convolution, as conv_kernel and conv_stride");
    }
    long layers = config.integer("num_hidden_layers", 1, 1024);
    int[] features = PUBLISHED_FEATURE_LAYERS;
    if (config.has("feature_layers")) {
      features = config.integers("feature_layers", 0, (int) layers - 1);
      if (features.length == 0) {
        throw config.wrong("feature_layers", "at least one layer");
      }
    } else if (layers <= PUBLISHED_FEATURE_LAYERS[2]) {
      throw config.wrong("num_hidden_layers", "more than 16, as 'feature_layers' is absent and means [11, 14, 16]");
    }
    return new Wav2vec2Shape(Arrays.stream(features).max().orElseThrow(), dim, heads, config.integer("intermediate_size", 1, MAX_EXTENT),
        config.integer("num_conv_pos_embeddings", 1, 65536), groups, dims, taps, strides, features, config.positive("layer_norm_eps", 1e-5));
  }

  private static void refuseUnless(Settings config, String key, boolean supported, String expected) {
    if (!supported) {
      throw new UnsupportedModelException(config.where() + ": '" + key + "' is " + config.shownAt(key) + "; only " + expected + " is supported");
    }
  }

  void write(GgufMetadata metadata) {
    metadata.u32("gpa.wav2vec2.block_count", blocks).u32("gpa.wav2vec2.embedding_length", dim).u32("gpa.wav2vec2.head_count", heads)
        .u32("gpa.wav2vec2.feed_forward_length", ffn).u32("gpa.wav2vec2.positional_taps", positionalTaps)
        .u32("gpa.wav2vec2.positional_groups", positionalGroups).integers("gpa.wav2vec2.conv_dim", convDim)
        .integers("gpa.wav2vec2.conv_taps", convTaps).integers("gpa.wav2vec2.conv_stride", convStride)
        .integers("gpa.wav2vec2.feature_layers", featureLayers).f32("gpa.wav2vec2.layer_norm_epsilon", epsilon);
  }
}
