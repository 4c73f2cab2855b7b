package io.gpa4j.conversion;

import io.gpa4j.checkpoint.TensorStore;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which tensor of a published checkpoint becomes which tensor of the model file (docs/model-file.md), and how: the one place that knows
 * the names of both. Each row names source, target and the shape in the checkpoint.
 */
final class TensorTable {
  /** What the rows leave out on purpose, by network: training, and layers above those that are used. */
  static final Map<String, Pattern> LEFT_OUT = Map.of(
      "decoder", Pattern.compile("lm_head\\.weight|.*rotary_emb\\.inv_freq"),
      "glm", Pattern.compile("(.*\\.)?(ema_count|ema_weight|embed_positions2\\.weight)|(model\\.)?decoder\\..*|proj_out\\.weight"
          + "|(.*\\.)?layers\\.\\d+\\..*|(.*\\.)?layer_norm\\..*"),
      "wav2vec2", Pattern.compile("(wav2vec2\\.)?(masked_spec_embed|encoder\\.layer_norm\\..*|encoder\\.layers\\.\\d+\\..*)"
          + "|quantizer\\..*|project_(hid|q)\\..*|lm_head\\..*"),
      "codec", Pattern.compile("(.*\\.)?num_batches_tracked|postnet\\..*|quantizer\\.cluster_size"
          + "|speaker_encoder\\.speaker_encoder\\.(pool|bn|linear)\\..*|mel_transformer\\..*"));

  private static final int VOCOS_TAPS = 7;
  private static final int RES2_STEPS = 7;
  private static final int PERCEIVER_HEADS = 8;
  private static final int[] DILATED_UNITS = {2, 3, 4};

  private TensorTable() {}

  static List<Mapping> decoder(TensorStore store, DecoderShape s) {
    MappingRows model = MappingRows.of(store, "decoder.", "embed_tokens.weight", List.of("model.", ""));
    long queries = s.heads() * s.headDim();
    long keys = s.kvHeads() * s.headDim();
    model.matrix("embed_tokens", "token_embd", s.vocab(), s.dim());
    model.table("norm.weight", "output_norm.weight", s.dim());
    for (int n = 0; n < s.blocks(); n++) {
      MappingRows block = model.at("layers." + n, "blk." + n);
      block.table("input_layernorm.weight", "attn_norm.weight", s.dim());
      block.matrix("self_attn.q_proj", "attn_q", queries, s.dim());
      block.matrix("self_attn.k_proj", "attn_k", keys, s.dim());
      block.matrix("self_attn.v_proj", "attn_v", keys, s.dim());
      if (s.architecture().equals("qwen2")) {
        block.table("self_attn.q_proj.bias", "attn_q.bias", queries);
        block.table("self_attn.k_proj.bias", "attn_k.bias", keys);
        block.table("self_attn.v_proj.bias", "attn_v.bias", keys);
      } else {
        block.table("self_attn.q_norm.weight", "attn_q_norm.weight", s.headDim());
        block.table("self_attn.k_norm.weight", "attn_k_norm.weight", s.headDim());
      }
      block.matrix("self_attn.o_proj", "attn_output", s.dim(), queries);
      block.table("post_attention_layernorm.weight", "ffn_norm.weight", s.dim());
      block.matrix("mlp.gate_proj", "ffn_gate", s.ffn(), s.dim());
      block.matrix("mlp.up_proj", "ffn_up", s.ffn(), s.dim());
      block.matrix("mlp.down_proj", "ffn_down", s.dim(), s.ffn());
    }
    if (!s.tied()) {
      MappingRows head = MappingRows.of(store, "decoder.", "lm_head.weight", List.of("", "model."));
      head.matrix("lm_head", "output", s.vocab(), s.dim());
      model.rows().addAll(head.rows());
    }
    return model.rows();
  }

  static List<Mapping> glm(TensorStore store, GlmShape s) {
    MappingRows glm = MappingRows.of(store, "glm.", "conv1.weight", List.of("", "encoder.", "model.encoder.", "model."));
    glm.conv("conv1", "conv1", s.dim(), s.melBins(), 3);
    glm.conv("conv2", "conv2", s.dim(), s.dim(), 3);
    glm.table("embed_positions.weight", "positions", s.positions(), s.dim());
    for (int n = 0; n < s.blocks(); n++) {
      MappingRows block = glm.at("layers." + n, "blk." + n);
      block.norm("self_attn_layer_norm", "attn_norm", s.dim());
      block.linear("self_attn.q_proj", "attn_q", s.dim(), s.dim());
      block.matrix("self_attn.k_proj", "attn_k", s.dim(), s.dim());
      block.linear("self_attn.v_proj", "attn_v", s.dim(), s.dim());
      block.linear("self_attn.out_proj", "attn_output", s.dim(), s.dim());
      block.norm("final_layer_norm", "ffn_norm", s.dim());
      block.linear("fc1", "ffn_up", s.ffn(), s.dim());
      block.linear("fc2", "ffn_down", s.dim(), s.ffn());
    }
    glm.table("codebook.weight", "codebook", s.codes(), s.dim());
    return glm.rows();
  }

  static List<Mapping> wav2vec2(TensorStore store, Wav2vec2Shape s) {
    MappingRows model = MappingRows.of(store, "wav2vec2.", "feature_projection.projection.weight", List.of("wav2vec2.", ""));
    long in = 1;
    for (int n = 0; n < s.convDim().length; n++) {
      MappingRows layer = model.at("feature_extractor.conv_layers." + n, "conv");
      layer.conv("conv", String.valueOf(n), s.convDim()[n], in, s.convTaps()[n]);
      layer.norm("layer_norm", n + ".norm", s.convDim()[n]);
      in = s.convDim()[n];
    }
    model.norm("feature_projection.layer_norm", "projection.norm", in);
    model.linear("feature_projection.projection", "projection", s.dim(), in);
    model.positionalConv("encoder.pos_conv_embed.conv", "positional", s.dim(), s.dim() / s.positionalGroups(), s.positionalTaps());
    for (int n = 0; n < s.blocks(); n++) {
      MappingRows block = model.at("encoder.layers." + n, "blk." + n);
      block.norm("layer_norm", "attn_norm", s.dim());
      block.linear("attention.q_proj", "attn_q", s.dim(), s.dim());
      block.linear("attention.k_proj", "attn_k", s.dim(), s.dim());
      block.linear("attention.v_proj", "attn_v", s.dim(), s.dim());
      block.linear("attention.out_proj", "attn_output", s.dim(), s.dim());
      block.norm("final_layer_norm", "ffn_norm", s.dim());
      block.linear("feed_forward.intermediate_dense", "ffn_up", s.ffn(), s.dim());
      block.linear("feed_forward.output_dense", "ffn_down", s.dim(), s.ffn());
    }
    return model.rows();
  }

  static List<Mapping> codec(TensorStore store, CodecShape s) {
    MappingRows codec = MappingRows.of(store, "codec.", "quantizer.codebook.weight", List.of("", "model."));
    CodecShape.Vocos encoder = s.encoder();
    MappingRows from = codec.at("encoder", "encoder");
    vocos(from.at("encoder", "backbone"), encoder.width(), encoder.inner(), encoder.in(), encoder.blocks(), 0, 1);
    stages(from, encoder);
    from.linear("project", "project", encoder.out(), encoder.width());

    MappingRows quantizer = codec.at("quantizer", "quantizer");
    quantizer.normedPoint("in_project", "in", s.codeDim(), encoder.out());
    quantizer.normedPoint("out_project", "out", encoder.out(), s.codeDim());
    quantizer.table("codebook.weight", "codebook", s.codes(), s.codeDim());

    CodecShape.Vocos prenet = s.prenet();
    MappingRows pre = codec.at("prenet", "prenet");
    pre.linear("linear_pre", "input", prenet.width(), prenet.in());
    stages(pre, prenet);
    vocos(pre.at("vocos_backbone", "backbone"), prenet.width(), prenet.inner(), prenet.width(), prenet.blocks(), s.condition(), 1);
    pre.linear("linear", "output", prenet.out(), prenet.width());
    generator(codec.at("decoder.model", "generator"), s);
    return codec.rows();
  }

  // A sampling stage of ratio 1 hands x + x + x to its backbone; the factor goes into the backbone's first convolution.
  private static void stages(MappingRows rows, CodecShape.Vocos s) {
    for (int n = 0; n < 2; n++) {
      MappingRows stage = rows.at("downsample." + n + ".1", "stage." + n);
      vocos(stage, s.width(), s.inner(), s.width(), stage.count("convnext"), 0, 3);
    }
  }

  private static void vocos(MappingRows rows, long dim, long inner, long in, int blocks, long condition, double factor) {
    rows.conv("embed", "embed", dim, in, VOCOS_TAPS, factor);
    adaptiveNorm(rows, "norm", "norm", dim, condition);
    for (int n = 0; n < blocks; n++) {
      MappingRows block = rows.at("convnext." + n, "blk." + n);
      block.depthwise("dwconv", "dwconv", dim, VOCOS_TAPS);
      adaptiveNorm(block, "norm", "norm", dim, condition);
      block.linear("pwconv1", "pw1", inner, dim);
      block.linear("pwconv2", "pw2", dim, inner);
      block.table("gamma", "gamma", dim);
    }
    rows.norm("final_layer_norm", "final_norm", dim);
  }

  private static void adaptiveNorm(MappingRows rows, String from, String to, long dim, long condition) {
    if (condition == 0) {
      rows.norm(from, to, dim);
    } else {
      rows.linear(from + ".scale", to + ".scale", dim, condition);
      rows.linear(from + ".shift", to + ".shift", dim, condition);
    }
  }

  private static void generator(MappingRows rows, CodecShape s) {
    int[] rates = s.rates();
    rows.normedConv("0", "conv_in", s.channels(), s.prenet().out(), VOCOS_TAPS);
    for (int n = 0; n < rates.length; n++) {
      long in = s.channels() >> n;
      long out = in >> 1;
      MappingRows block = rows.at((n + 1) + ".block", "blk." + n);
      block.channels("0.alpha", "snake", in);
      block.transposedConv("1", "up", in, out, s.taps()[n], rates[n]);
      for (int r = 0; r < DILATED_UNITS.length; r++) {
        MappingRows unit = block.at(DILATED_UNITS[r] + ".block", "res." + r);
        unit.channels("0.alpha", "snake1", out);
        unit.normedConv("1", "conv1", out, out, VOCOS_TAPS);
        unit.channels("2.alpha", "snake2", out);
        unit.normedConv("3", "conv2", out, out, 1);
      }
    }
    long last = s.channels() >> rates.length;
    rows.channels(rates.length + 1 + ".alpha", "snake", last);
    rows.normedConv(String.valueOf(rates.length + 2), "conv_out", 1, last, VOCOS_TAPS);
  }

  static List<Mapping> speaker(TensorStore store, CodecShape s) {
    MappingRows rows = MappingRows.of(store, "speaker.", "project.weight", List.of("speaker_encoder.", "model.speaker_encoder."));
    long width = rows.extent("speaker_encoder.layer1.conv.weight", 3, 0, RES2_STEPS + 1);
    rows.conv("speaker_encoder.layer1.conv", "conv1", width, s.melBins(), 5);
    rows.batchNorm("speaker_encoder.layer1.bn", "conv1.bn", width);
    for (int n = 0; n < 3; n++) {
      res2Block(rows.at("speaker_encoder.layer" + (n + 2) + ".se_res2block", "blk." + n), width);
    }
    long ecapa = rows.extent("speaker_encoder.conv.weight", 3, 0, 1);
    rows.conv("speaker_encoder.conv", "conv2", ecapa, 3 * width, 1);
    perceiver(rows.at("perceiver_sampler", "perceiver"), s, ecapa);
    rows.linear("quantizer.project_in", "fsq_in", s.fsqLevels().length, s.latent());
    rows.linear("quantizer.project_out", "fsq_out", s.latent(), s.fsqLevels().length);
    rows.linear("project", "project", s.speakerOut(), s.latent() * s.voiceTokens());
    return rows.rows();
  }

  private static void res2Block(MappingRows block, long width) {
    long part = width / (RES2_STEPS + 1);
    block.conv("0.conv", "in", width, width, 1).batchNorm("0.bn", "in.bn", width);
    for (int j = 0; j < RES2_STEPS; j++) {
      block.conv("1.convs." + j, "res." + j, part, part, 3).batchNorm("1.bns." + j, "res." + j + ".bn", part);
    }
    block.conv("2.conv", "out", width, width, 1).batchNorm("2.bn", "out.bn", width);
    long bottleneck = block.extent("3.linear1.weight", 2, 0, 1);
    block.linear("3.linear1", "se_down", bottleneck, width);
    block.linear("3.linear2", "se_up", width, bottleneck);
  }

  private static void perceiver(MappingRows rows, CodecShape s, long context) {
    rows.linear("proj_context", "context", s.latent(), context);
    rows.table("latents", "latents", s.voiceTokens(), s.latent());
    int blocks = Math.max(1, rows.count("layers"));
    for (int n = 0; n < blocks; n++) {
      MappingRows block = rows.at("layers." + n, "blk." + n);
      long inner = block.extent("0.to_q.weight", 2, 0, PERCEIVER_HEADS);
      long half = block.extent("1.2.weight", 2, 1, 1);
      block.matrix("0.to_q", "attn_q", inner, s.latent());
      block.matrix("0.to_kv", "attn_kv", 2 * inner, s.latent());
      block.matrix("0.to_out", "attn_output", s.latent(), inner);
      block.linear("1.0", "ffn_up", 2 * half, s.latent());
      block.linear("1.2", "ffn_down", s.latent(), half);
    }
    rows.table("norm.gamma", "norm", s.latent());
  }
}
