package io.gpa4j.fabricate;

/** The tensors of BiCodec: encoder, quantizer, decoder and speaker encoder, with those that only training needs. */
final class BiCodecTensors {
  private static final int STAGE_BLOCKS = 2;
  private static final int[] RATES = {8, 5, 4, 2};
  private static final int[] TAPS = {16, 11, 8, 4};
  private static final int MELS = 128;
  private static final int ECAPA_OUT = 1536;
  private static final int SE_BOTTLENECK = 128;
  private static final int RES2_SCALE = 8;
  private static final int GLOBAL_TOKENS = 32;
  private static final int FSQ_DIM = 6;
  private static final int PERCEIVER_HEADS = 8 * 64;

  private final TensorPlan plan;
  private final ModelShape.Codec c;

  private BiCodecTensors(TensorPlan plan, ModelShape.Codec codec) {
    this.plan = plan;
    this.c = codec;
  }

  static void add(TensorPlan plan, ModelShape.Codec codec) {
    BiCodecTensors tensors = new BiCodecTensors(plan, codec);
    tensors.generator();
    tensors.encoder();
    tensors.decoderNet("postnet", codec.postnetBlocks(), false);
    tensors.decoderNet("prenet", codec.blocks(), true);
    tensors.quantizer();
    tensors.perceiver();
    tensors.ecapa();
  }

  private void generator() {
    int channels = c.generatorChannels();
    plan.weightNorm("decoder.model.0", 0.7, channels, channels, c.dim(), 7);
    for (int i = 0; i < RATES.length; i++) {
      String block = "decoder.model." + (i + 1) + ".block.";
      int out = channels / 2;
      snake(block + "0", channels);
      // A transposed convolution's rows are inputs: sqrt(2 / rate) times the row norm is its gain when channels halve.
      plan.weightNorm(block + "1", 0.75 * Math.sqrt(RATES[i] / 2.0), out, channels, out, TAPS[i]);
      for (int unit = 2; unit < 5; unit++) {
        String residual = block + unit + ".block.";
        snake(residual + "0", out);
        plan.weightNorm(residual + "1", 0.8, out, out, out, 7);
        snake(residual + "2", out);
        plan.weightNorm(residual + "3", 0.4, out, out, out, 1);
      }
      channels = out;
    }
    snake("decoder.model.5", channels);
    plan.weightNorm("decoder.model.6", 0.15, 1, 1, channels, 7);
  }

  private void snake(String prefix, int channels) {
    plan.around(prefix + ".alpha", 1, 0.1, 1, channels, 1);
  }

  private void encoder() {
    backbone("encoder.encoder", c.dim(), c.blocks(), false);
    stages("encoder");
    plan.affine("encoder.project", 1, c.dim(), c.vocosDim());
  }

  private void decoderNet(String root, int blocks, boolean conditioned) {
    plan.affine(root + ".linear_pre", 1, c.vocosDim(), c.dim());
    stages(root);
    backbone(root + ".vocos_backbone", c.vocosDim(), blocks, conditioned);
    plan.affine(root + ".linear", 1, c.dim(), c.vocosDim());
  }

  private void stages(String root) {
    for (int stage = 0; stage < 2; stage++) {
      backbone(root + ".downsample." + stage + ".1", c.vocosDim(), STAGE_BLOCKS, false);
    }
  }

  private void backbone(String root, int inputs, int blocks, boolean conditioned) {
    int dim = c.vocosDim();
    plan.affine(root + ".embed", 1, dim, inputs, 7);
    norm(root + ".norm", conditioned);
    for (int i = 0; i < blocks; i++) {
      String block = root + ".convnext." + i + ".";
      plan.affine(block + "dwconv", 1, dim, 1, 7);
      norm(block + "norm", conditioned);
      plan.affine(block + "pwconv1", 1.5, c.vocosFfn(), dim);
      plan.affine(block + "pwconv2", 1.5, dim, c.vocosFfn());
      plan.around(block + "gamma", 0.3, 0.05, dim);
    }
    plan.layerNorm(root + ".final_layer_norm", dim);
  }

  private void norm(String prefix, boolean conditioned) {
    if (!conditioned) {
      plan.layerNorm(prefix, c.vocosDim());
      return;
    }
    plan.weight(prefix + ".scale.weight", 0.2, c.vocosDim(), c.dim());
    plan.around(prefix + ".scale.bias", 1, 0.1, c.vocosDim());
    plan.weight(prefix + ".shift.weight", 0.2, c.vocosDim(), c.dim());
    plan.normal(prefix + ".shift.bias", 0.05, c.vocosDim());
  }

  private void quantizer() {
    plan.around("quantizer.cluster_size", 1, 0.1, c.codes());
    plan.normal("quantizer.codebook.weight", 1, c.codes(), 8);
    plan.weightNorm("quantizer.in_project", 1, 8, 8, c.dim(), 1);
    plan.weightNorm("quantizer.out_project", 1, c.dim(), c.dim(), 8, 1);
  }

  private void perceiver() {
    String root = "speaker_encoder.perceiver_sampler.";
    int dim = c.latentDim();
    int inner = (int) (dim * 4 * 2 / 3.0);
    plan.normal(root + "latents", 0.7, GLOBAL_TOKENS, dim);
    for (int i = 0; i < 2; i++) {
      String layer = root + "layers." + i + ".";
      plan.weight(layer + "0.to_q.weight", 2, PERCEIVER_HEADS, dim);
      plan.weight(layer + "0.to_kv.weight", 1.5, 2 * PERCEIVER_HEADS, dim);
      plan.weight(layer + "0.to_out.weight", 1.5, dim, PERCEIVER_HEADS);
      plan.affine(layer + "1.0", 1, 2 * inner, dim);
      plan.affine(layer + "1.2", 1, dim, inner);
    }
    plan.around(root + "norm.gamma", 1, 0.1, dim);
    plan.affine(root + "proj_context", 1.5, dim, ECAPA_OUT);
    plan.affine("speaker_encoder.project", 1.5, c.dim(), (long) dim * GLOBAL_TOKENS);
    plan.affine("speaker_encoder.quantizer.project_in", 1.5, FSQ_DIM, dim);
    plan.affine("speaker_encoder.quantizer.project_out", 1.6, dim, FSQ_DIM);
  }

  private void ecapa() {
    String root = "speaker_encoder.speaker_encoder.";
    int width = c.ecapaChannels();
    plan.affine(root + "layer1.conv", 3, width, MELS, 5);
    plan.batchNorm(root + "layer1.bn", width);
    for (int i = 2; i < 5; i++) {
      String block = root + "layer" + i + ".se_res2block.";
      pointwise(block + "0", width);
      for (int split = 0; split < RES2_SCALE - 1; split++) {
        plan.affine(block + "1.convs." + split, 1.2, width / RES2_SCALE, width / RES2_SCALE, 3);
        plan.batchNorm(block + "1.bns." + split, width / RES2_SCALE);
      }
      pointwise(block + "2", width);
      plan.affine(block + "3.linear1", 1.5, SE_BOTTLENECK, width);
      plan.affine(block + "3.linear2", 1.5, width, SE_BOTTLENECK);
    }
    plan.affine(root + "conv", 1.4, ECAPA_OUT, 3L * width, 1);
    plan.affine(root + "pool.linear1", 1, 128, 3L * ECAPA_OUT, 1);
    plan.affine(root + "pool.linear2", 1, ECAPA_OUT, 128, 1);
    plan.batchNorm(root + "bn", 2L * ECAPA_OUT);
    plan.affine(root + "linear", 1, c.dim(), 2L * ECAPA_OUT);
  }

  private void pointwise(String prefix, int width) {
    plan.affine(prefix + ".conv", 1.2, width, width, 1);
    plan.batchNorm(prefix + ".bn", width);
  }
}
