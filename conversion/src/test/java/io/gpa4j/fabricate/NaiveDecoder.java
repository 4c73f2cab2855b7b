package io.gpa4j.fabricate;

import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.checkpoint.TensorStore;
import java.util.HashMap;
import java.util.Map;

/**
 * A Qwen2 or Qwen3 decoder in a few plain loops over doubles, straight from a checkpoint's tensors: what the engine's must agree with.
 * Source: docs of Qwen2ForCausalLM and Qwen3ForCausalLM; RoPE in the rotate-half form (Su et al. 2021).
 */
final class NaiveDecoder {
  private static final double EPSILON = 1e-6;
  private static final double THETA = 1_000_000;

  private final ModelShape.Decoder shape;
  private final TensorStore store;
  private final Map<String, float[]> read = new HashMap<>();

  NaiveDecoder(FabricatedCheckpoint checkpoint, ModelShape.Decoder shape) {
    this.shape = shape;
    this.store = checkpoint.openTensors("");
  }

  /** Logits [vocabulary] of the token behind a prompt. */
  double[] logits(int[] prompt) {
    double[][] x = new double[prompt.length][];
    for (int t = 0; t < prompt.length; t++) {
      x[t] = new double[shape.hidden()];
      for (int i = 0; i < shape.hidden(); i++) {
        x[t][i] = weights("model.embed_tokens.weight")[prompt[t] * shape.hidden() + i];
      }
    }
    for (int n = 0; n < shape.layers(); n++) {
      String layer = "model.layers." + n + ".";
      attend(x, layer);
      for (double[] row : x) {
        double[] h = norm(row, layer + "post_attention_layernorm.weight");
        double[] gate = multiply(h, layer + "mlp.gate_proj", shape.ffn());
        double[] up = multiply(h, layer + "mlp.up_proj", shape.ffn());
        for (int i = 0; i < gate.length; i++) {
          gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
        }
        add(row, multiply(gate, layer + "mlp.down_proj", shape.hidden()));
      }
    }
    return multiply(norm(x[x.length - 1], "model.norm.weight"), shape.tied() ? "model.embed_tokens" : "lm_head", shape.vocabulary());
  }

  private void attend(double[][] x, String layer) {
    double[][] q = new double[x.length][];
    double[][] k = new double[x.length][];
    double[][] v = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] h = norm(x[t], layer + "input_layernorm.weight");
      q[t] = heads(h, layer + "self_attn.q", shape.heads(), t);
      k[t] = heads(h, layer + "self_attn.k", shape.kvHeads(), t);
      v[t] = multiply(h, layer + "self_attn.v_proj", shape.kvHeads() * shape.headDim());
    }
    int dim = shape.headDim();
    for (int t = 0; t < x.length; t++) {
      double[] y = new double[shape.heads() * dim];
      for (int head = 0; head < shape.heads(); head++) {
        int at = head / (shape.heads() / shape.kvHeads()) * dim;
        double[] score = new double[t + 1];
        double total = 0;
        for (int s = 0; s <= t; s++) {
          for (int i = 0; i < dim; i++) {
            score[s] += q[t][head * dim + i] * k[s][at + i];
          }
          score[s] = Math.exp(score[s] / Math.sqrt(dim));
          total += score[s];
        }
        for (int s = 0; s <= t; s++) {
          for (int i = 0; i < dim; i++) {
            y[head * dim + i] += score[s] / total * v[s][at + i];
          }
        }
      }
      add(x[t], multiply(y, layer + "self_attn.o_proj", shape.hidden()));
    }
  }

  // Queries or keys of a token at a position: projected, normed head by head in a Qwen3, and turned.
  private double[] heads(double[] h, String name, int heads, int position) {
    int dim = shape.headDim();
    double[] y = multiply(h, name + "_proj", heads * dim);
    for (int head = 0; head < heads; head++) {
      double[] one = new double[dim];
      System.arraycopy(y, head * dim, one, 0, dim);
      if (!shape.qwen2()) {
        one = norm(one, name + "_norm.weight");
      }
      for (int i = 0; i < dim / 2; i++) {
        double angle = position * Math.pow(THETA, -2.0 * i / dim);
        y[head * dim + i] = one[i] * Math.cos(angle) - one[i + dim / 2] * Math.sin(angle);
        y[head * dim + i + dim / 2] = one[i + dim / 2] * Math.cos(angle) + one[i] * Math.sin(angle);
      }
    }
    return y;
  }

  private double[] norm(double[] x, String name) {
    double square = 0;
    for (double value : x) {
      square += value * value;
    }
    double scale = 1 / Math.sqrt(square / x.length + EPSILON);
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] * scale * weights(name)[i];
    }
    return y;
  }

  private double[] multiply(double[] x, String name, int rows) {
    float[] matrix = weights(name + ".weight");
    float[] bias = store.tensors().containsKey(name + ".bias") ? weights(name + ".bias") : new float[rows];
    double[] y = new double[rows];
    for (int r = 0; r < rows; r++) {
      y[r] = bias[r];
      for (int i = 0; i < x.length; i++) {
        y[r] += (double) matrix[r * x.length + i] * x[i];
      }
    }
    return y;
  }

  private static void add(double[] x, double[] y) {
    for (int i = 0; i < x.length; i++) {
      x[i] += y[i];
    }
  }

  private float[] weights(String name) {
    return read.computeIfAbsent(name, key -> {
      StoredTensor tensor = store.tensors().get(key);
      float[] values = new float[(int) tensor.elements()];
      tensor.read(0, values.length, values, 0);
      return values;
    });
  }
}
