package io.gpa4j.fabricate;

/** The tensors of the three transformers: decoder, GLM tokenizer, wav2vec2. */
final class NetworkTensors {
  // With q and k at unit scale attention over many keys is close to a mean; this sharpens it.
  private static final double HEAD_NORM = 1.6;

  // Enough for a missing bias to show.
  private static final double HEAD_BIAS = 0.3;

  // The deviation of the logits, as embeddings have norm 1.
  private static final double LOGITS = 3;

  private NetworkTensors() {}

  /** A Qwen3 or Qwen2. */
  static void decoder(TensorPlan plan, ModelShape.Decoder d) {
    double residual = 1 / Math.sqrt(2.0 * d.layers());
    long heads = (long) d.heads() * d.headDim();
    long kvHeads = (long) d.kvHeads() * d.headDim();
    // Small next to what the layers add, or the tied head would answer each token with itself.
    plan.normal("model.embed_tokens.weight", 1 / Math.sqrt(d.hidden()), d.vocabulary(), d.hidden());
    for (int i = 0; i < d.layers(); i++) {
      String layer = "model.layers." + i + ".";
      plan.rmsNorm(layer + "input_layernorm", 1, d.hidden());
      // Without norms of their own the heads get their sharpness here.
      plan.weight(layer + "self_attn.q_proj.weight", d.qwen2() ? HEAD_NORM : 1, heads, d.hidden());
      plan.weight(layer + "self_attn.k_proj.weight", d.qwen2() ? HEAD_NORM : 1, kvHeads, d.hidden());
      plan.weight(layer + "self_attn.v_proj.weight", 1, kvHeads, d.hidden());
      plan.weight(layer + "self_attn.o_proj.weight", 2 * residual, d.hidden(), heads);
      headParts(plan, layer + "self_attn.", d);
      plan.rmsNorm(layer + "post_attention_layernorm", 1, d.hidden());
      plan.weight(layer + "mlp.gate_proj.weight", 1, d.ffn(), d.hidden());
      plan.weight(layer + "mlp.up_proj.weight", 1, d.ffn(), d.hidden());
      plan.weight(layer + "mlp.down_proj.weight", 1.6 * residual, d.hidden(), d.ffn());
    }
    plan.rmsNorm("model.norm", LOGITS, d.hidden());
    if (!d.tied()) {
      plan.normal("lm_head.weight", 1 / Math.sqrt(d.hidden()), d.vocabulary(), d.hidden());
    }
  }

  private static void headParts(TensorPlan plan, String attention, ModelShape.Decoder d) {
    if (d.qwen2()) {
      plan.normal(attention + "q_proj.bias", HEAD_BIAS, (long) d.heads() * d.headDim());
      plan.normal(attention + "k_proj.bias", HEAD_BIAS, (long) d.kvHeads() * d.headDim());
      plan.normal(attention + "v_proj.bias", HEAD_BIAS, (long) d.kvHeads() * d.headDim());
    } else {
      plan.rmsNorm(attention + "q_norm", HEAD_NORM, d.headDim());
      plan.rmsNorm(attention + "k_norm", HEAD_NORM, d.headDim());
    }
  }

  /** The encoder half of the GLM tokenizer up to its codebook. */
  static void glm(TensorPlan plan, ModelShape.Glm g) {
    double residual = 1 / Math.sqrt(2.0 * g.layers());
    plan.affine("conv1", 1.5, g.dim(), 128, 3);
    plan.affine("conv2", 1.5, g.dim(), g.dim(), 3);
    plan.normal("embed_positions.weight", 0.3, g.positions(), g.dim());
    plan.normal("embed_positions2.weight", 0.3, g.positions() / 4, g.dim());
    for (int i = 0; i < g.layers(); i++) {
      String layer = "layers." + i + ".";
      plan.layerNorm(layer + "self_attn_layer_norm", g.dim());
      plan.affine(layer + "self_attn.q_proj", HEAD_NORM, g.dim(), g.dim());
      plan.weight(layer + "self_attn.k_proj.weight", HEAD_NORM, g.dim(), g.dim());
      plan.affine(layer + "self_attn.v_proj", 1, g.dim(), g.dim());
      plan.affine(layer + "self_attn.out_proj", 2 * residual, g.dim(), g.dim());
      plan.layerNorm(layer + "final_layer_norm", g.dim());
      plan.affine(layer + "fc1", 1, g.ffn(), g.dim());
      plan.affine(layer + "fc2", 1.6 * residual, g.dim(), g.ffn());
    }
    plan.normal("codebook.weight", 1, g.codes(), g.dim());
    plan.normal("ema_weight", 1, g.codes(), g.dim());
    plan.around("ema_count", 1, 0.1, g.codes());
  }

  /** wav2vec2 with the pre-training tensors that a published file carries too. */
  static void wav2vec2(TensorPlan plan, ModelShape.Wav2vec2 w) {
    String root = "wav2vec2.";
    plan.normal(root + "masked_spec_embed", 1, w.dim());
    int[] taps = {10, 3, 3, 3, 3, 2, 2};
    for (int i = 0; i < taps.length; i++) {
      String conv = root + "feature_extractor.conv_layers." + i + ".";
      plan.affine(conv + "conv", 1.5, w.convDim(), i == 0 ? 1 : w.convDim(), taps[i]);
      plan.layerNorm(conv + "layer_norm", w.convDim());
    }
    plan.layerNorm(root + "feature_projection.layer_norm", w.convDim());
    plan.affine(root + "feature_projection.projection", 1, w.dim(), w.convDim());
    positional(plan, root + "encoder.pos_conv_embed.conv", w.dim());
    plan.layerNorm(root + "encoder.layer_norm", w.dim());
    double residual = 1 / Math.sqrt(2.0 * w.layers());
    for (int i = 0; i < w.layers(); i++) {
      String layer = root + "encoder.layers." + i + ".";
      plan.affine(layer + "attention.k_proj", HEAD_NORM, w.dim(), w.dim());
      plan.affine(layer + "attention.v_proj", 1, w.dim(), w.dim());
      plan.affine(layer + "attention.q_proj", HEAD_NORM, w.dim(), w.dim());
      plan.affine(layer + "attention.out_proj", 2 * residual, w.dim(), w.dim());
      plan.layerNorm(layer + "layer_norm", w.dim());
      plan.affine(layer + "feed_forward.intermediate_dense", 1, w.ffn(), w.dim());
      plan.affine(layer + "feed_forward.output_dense", 1.6 * residual, w.dim(), w.ffn());
      plan.layerNorm(layer + "final_layer_norm", w.dim());
    }
    plan.normal("quantizer.codevectors", 1, 1, 8, 4);
    plan.affine("quantizer.weight_proj", 1, 8, w.convDim());
    plan.affine("project_hid", 1, 8, w.dim());
    plan.affine("project_q", 1, 8, 8);
  }

  // Its norm runs over every axis but the taps: g * sqrt(taps / dim) is the gain once folded.
  private static void positional(TensorPlan plan, String conv, int dim) {
    double norm = 0.7 * Math.sqrt(dim / 128.0);
    plan.normal(conv + ".bias", 0.05, dim);
    plan.around(conv + ".weight_g", norm, 0.1 * norm, 1, 1, 128);
    plan.weight(conv + ".weight_v", 1, dim, dim / 16, 128);
  }
}
