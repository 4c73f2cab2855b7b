package io.gpa4j.fabricate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The configuration files of a checkpoint, in the published form. */
final class ConfigFiles {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ConfigFiles() {}

  static byte[] decoder(ModelShape shape) {
    ModelShape.Decoder d = shape.decoder();
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of(d.qwen2() ? "Qwen2ForCausalLM" : "Qwen3ForCausalLM"));
    if (!d.qwen2()) {
      config.put("attention_bias", false);
    }
    config.put("attention_dropout", 0.0);
    config.put("dtype", "float32");
    config.put("eos_token_id", shape.tokens().text() + TokenizerFiles.IM_END);
    if (!d.qwen2()) {
      config.put("head_dim", d.headDim());
    }
    config.put("hidden_act", "silu");
    config.put("hidden_size", d.hidden());
    config.put("intermediate_size", d.ffn());
    config.put("layer_types", Collections.nCopies(d.layers(), "full_attention"));
    config.put("max_position_embeddings", d.positions());
    config.put("model_type", d.qwen2() ? "qwen2" : "qwen3");
    config.put("num_attention_heads", d.heads());
    config.put("num_hidden_layers", d.layers());
    config.put("num_key_value_heads", d.kvHeads());
    config.put("pad_token_id", shape.tokens().text());
    config.put("rms_norm_eps", 1e-6);
    config.put("rope_scaling", null);
    config.put("rope_theta", 1_000_000.0);
    config.put("sliding_window", null);
    config.put("tie_word_embeddings", d.tied());
    config.put("use_cache", true);
    config.put("use_sliding_window", false);
    config.put("vocab_size", d.vocabulary());
    return json(config);
  }

  static byte[] generation(ModelShape shape) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("_from_model_config", true);
    config.put("eos_token_id", shape.tokens().text() + TokenizerFiles.IM_END);
    config.put("pad_token_id", shape.tokens().text());
    return json(config);
  }

  static byte[] glm(ModelShape.Glm g) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of("WhisperVQEncoder"));
    config.put("model_type", "whisper");
    config.put("pooling_kernel_size", 4);
    config.put("pooling_type", "avg");
    config.put("pooling_position", g.layers());
    config.put("quantize_vocab_size", g.codes());
    config.put("quantize_position", g.layers());
    config.put("quantize_encoder_only", true);
    config.put("quantize_causal_encoder", false);
    config.put("quantize_causal_block_size", 200);
    config.put("encoder_causal_attention", false);
    config.put("encoder_causal_convolution", true);
    config.put("num_mel_bins", 128);
    config.put("d_model", g.dim());
    config.put("encoder_layers", g.declaredLayers());
    config.put("num_hidden_layers", g.declaredLayers());
    config.put("encoder_attention_heads", g.heads());
    config.put("encoder_ffn_dim", g.ffn());
    config.put("activation_function", "gelu");
    config.put("scale_embedding", false);
    config.put("max_source_positions", g.positions());
    return json(config);
  }

  static byte[] glmPreprocessor() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("chunk_length", 30);
    config.put("dither", 0.0);
    config.put("feature_extractor_type", "WhisperFeatureExtractor");
    config.put("feature_size", 128);
    config.put("hop_length", 160);
    config.put("n_fft", 400);
    config.put("n_samples", 480_000);
    config.put("nb_max_frames", 3000);
    config.put("padding_side", "right");
    config.put("padding_value", 0.0);
    config.put("return_attention_mask", false);
    config.put("sampling_rate", 16_000);
    return json(config);
  }

  static byte[] wav2vec2(ModelShape.Wav2vec2 w) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of("Wav2Vec2ForPreTraining"));
    config.put("model_type", "wav2vec2");
    config.put("hidden_size", w.dim());
    config.put("feat_extract_norm", "layer");
    config.put("feat_extract_activation", "gelu");
    config.put("conv_dim", Collections.nCopies(7, w.convDim()));
    config.put("conv_stride", List.of(5, 2, 2, 2, 2, 2, 2));
    config.put("conv_kernel", List.of(10, 3, 3, 3, 3, 2, 2));
    config.put("conv_bias", true);
    config.put("num_conv_pos_embeddings", 128);
    config.put("num_conv_pos_embedding_groups", 16);
    config.put("num_feat_extract_layers", 7);
    config.put("num_hidden_layers", w.layers());
    config.put("intermediate_size", w.ffn());
    config.put("hidden_act", "gelu");
    config.put("num_attention_heads", w.heads());
    config.put("layer_norm_eps", 1e-5);
    config.put("do_stable_layer_norm", true);
    config.put("add_adapter", false);
    return json(config);
  }

  static byte[] wav2vec2Preprocessor() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("do_normalize", true);
    config.put("feature_extractor_type", "Wav2Vec2FeatureExtractor");
    config.put("feature_size", 1);
    config.put("padding_side", "right");
    config.put("padding_value", 0);
    config.put("return_attention_mask", true);
    config.put("sampling_rate", 16_000);
    return json(config);
  }

  static byte[] codec(ModelShape.Codec c) {
    String vocos = """
            vocos_dim: %d
            vocos_intermediate_dim: %d
            vocos_num_layers: %%d
            out_channels: %d
        """.formatted(c.vocosDim(), c.vocosFfn(), c.dim());
    return ("""
        highpass_cutoff_freq: 40
        sample_rate: 16000
        segment_duration: 2.4
        max_val_duration: 12
        latent_hop_length: 320
        ref_segment_duration: 6
        volume_normalize: true
        audio_tokenizer:
          mel_params:
            sample_rate: 16000
            n_fft: 1024
            win_length: 640
            hop_length: 320
            mel_fmin: 10
            mel_fmax: null
            num_mels: 128
        """
        + "  encoder:\n    input_channels: " + c.dim() + '\n' + vocos.formatted(c.blocks()) + "    sample_ratios: [1, 1]\n"
        + "  decoder:\n    input_channel: " + c.dim() + "\n    channels: " + c.generatorChannels()
        + "\n    rates: [8, 5, 4, 2]\n    kernel_sizes: [16, 11, 8, 4]\n"
        + "  quantizer:\n    input_dim: " + c.dim() + "\n    codebook_size: " + c.codes()
        + "\n    codebook_dim: 8\n    commitment: 0.25\n    codebook_loss_weight: 2.0\n    use_l2_normlize: true\n"
        + "    threshold_ema_dead_code: 0.2\n"
        + "  speaker_encoder:\n    input_dim: 128\n    out_dim: " + c.dim() + "\n    latent_dim: " + c.latentDim()
        + "\n    token_num: 32\n    fsq_levels: [4, 4, 4, 4, 4, 4]\n    fsq_num_quantizers: 1\n"
        + "  prenet:\n    input_channels: " + c.dim() + '\n' + vocos.formatted(c.blocks()) + "    condition_dim: " + c.dim()
        + "\n    sample_ratios: [1, 1]\n    use_tanh_at_final: false\n"
        + "  postnet:\n    input_channels: " + c.dim() + '\n' + vocos.formatted(c.postnetBlocks())
        + "    use_tanh_at_final: false\n").getBytes(StandardCharsets.UTF_8);
  }

  /** A value as indented JSON. */
  static byte[] json(Object value) {
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
