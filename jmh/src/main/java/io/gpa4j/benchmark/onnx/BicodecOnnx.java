package io.gpa4j.benchmark.onnx;

import static io.gpa4j.benchmark.onnx.OnnxGraph.attribute;

import io.gpa4j.ModelFile;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/**
 * The BiCodec decoder of a model file as an ONNX model in F32: {@code semantic_ids} [n] and {@code d} [1, dim, 1], the voice's vector, to
 * {@code wav} [1, 1, samples], mean not removed. docs/model-file.md has the tensors, bicodec_decoder.cc and vocos.cc the graph.
 */
final class BicodecOnnx {
  private static final int TAPS = 7;
  private static final int PAD = TAPS / 2;
  private static final float EPSILON = 1e-6f;

  private final OnnxGraph graph = new OnnxGraph();
  private final ModelWeights weights;
  private String voice;

  private BicodecOnnx(ModelFile file) {
    this.weights = new ModelWeights(file);
  }

  static byte[] of(Path model) {
    try (ModelFile file = ModelFile.open(model)) {
      return new BicodecOnnx(file).build();
    }
  }

  private byte[] build() {
    String ids = graph.ids("semantic_ids");
    String d = graph.floats("d", 1, weights.extent("speaker.project.weight", 0), 1);
    voice = turned(d);
    String codes = graph.apply("Gather", constant("codec.quantizer.codebook"), ids);
    String x = graph.apply("Unsqueeze", codes, graph.integers(0));
    x = linear("codec.prenet.input", linear("codec.quantizer.out", x));
    for (int stage = 0; stage < 2; stage++) {
      x = backbone("codec.prenet.stage." + stage, x, -1);
    }
    x = backbone("codec.prenet.backbone", x, weights.integer("gpa.codec.prenet.block_count"));
    x = linear("codec.prenet.output", x);
    if (weights.flag("gpa.codec.prenet.tanh")) {
      x = graph.apply("Tanh", x);
    }
    x = graph.apply("Add", turned(x), d);
    graph.output(generator(x), "wav", 1, 1, -1);
    return graph.toBytes();
  }

  // x [1, frames, channels], as the result.
  private String backbone(String name, String x, int blocks) {
    boolean adaptive = weights.has(name + ".norm.scale.weight");
    String h = norm(name + ".norm", turned(conv(name + ".embed", turned(x), 1)), adaptive);
    for (int i = 0; blocks < 0 ? weights.has(name + ".blk." + i + ".dwconv.weight") : i < blocks; i++) {
      String block = name + ".blk." + i;
      String inner = norm(block + ".norm", turned(depthwise(block + ".dwconv", turned(h))), adaptive);
      inner = linear(block + ".pw2", graph.apply("Gelu", linear(block + ".pw1", inner)));
      h = graph.apply("Add", h, graph.apply("Mul", inner, constant(block + ".gamma")));
    }
    return norm(name + ".final_norm", h, false);
  }

  private String norm(String name, String x, boolean adaptive) {
    Protobuf[] attributes = {attribute("axis", -1L), attribute("epsilon", EPSILON)};
    if (!adaptive) {
      return graph.apply("LayerNormalization", attributes, x, constant(name + ".weight"), constant(name + ".bias"));
    }
    float[] ones = new float[weights.extent(name + ".scale.weight", 0)];
    java.util.Arrays.fill(ones, 1);
    String plain = graph.apply("LayerNormalization", attributes, x, graph.constant(FloatBuffer.wrap(ones), ones.length));
    return graph.apply("Add", graph.apply("Mul", plain, linear(name + ".scale", voice)), linear(name + ".shift", voice));
  }

  // x [1, channels, frames], as the result.
  private String generator(String input) {
    String x = conv("codec.generator.conv_in", input, 1);
    int blocks = 0;
    while (weights.has("codec.generator.blk." + blocks + ".snake")) {
      blocks++;
    }
    int[] rates = weights.integers("gpa.codec.generator.rates", blocks);
    int[] taps = weights.integers("gpa.codec.generator.taps", blocks);
    for (int i = 0; i < blocks; i++) {
      String block = "codec.generator.blk." + i;
      x = upsample(block + ".up", snake(block + ".snake", x), rates[i], taps[i]);
      for (int r = 0, dilation = 1; r < 3; r++, dilation *= 3) {
        String unit = block + ".res." + r;
        String inner = conv(unit + ".conv1", snake(unit + ".snake1", x), dilation);
        x = graph.apply("Add", x, conv(unit + ".conv2", snake(unit + ".snake2", inner), 1));
      }
    }
    return graph.apply("Tanh", conv("codec.generator.conv_out", snake("codec.generator.snake", x), 1));
  }

  private String snake(String name, String x) {
    FloatBuffer alpha = weights.floats(name);
    float[] inverse = new float[alpha.remaining()];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = (float) (1 / (alpha.get(i) + 1e-9));
    }
    String sine = graph.apply("Sin", graph.apply("Mul", x, graph.constant(alpha, 1, inverse.length, 1)));
    String square = graph.apply("Mul", sine, sine);
    return graph.apply("Add", x, graph.apply("Mul", square, graph.constant(FloatBuffer.wrap(inverse), 1, inverse.length, 1)));
  }

  // Stored [out, taps, in].
  private String conv(String name, String x, int dilation) {
    int out = weights.extent(name + ".weight", 0);
    int taps = weights.extent(name + ".weight", 1);
    int in = weights.extent(name + ".weight", 2);
    FloatBuffer stored = weights.floats(name + ".weight");
    FloatBuffer turned = FloatBuffer.allocate(stored.remaining());
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        for (int t = 0; t < taps; t++) {
          turned.put(stored.get((o * taps + t) * in + i));
        }
      }
    }
    long pad = (long) taps / 2 * dilation;
    return graph.apply("Conv", new Protobuf[] {attribute("dilations", new long[] {dilation}), attribute("pads", pad, pad)},
        x, graph.constant(turned.flip(), out, in, taps), constant(name + ".bias"));
  }

  // Stored [taps, channels].
  private String depthwise(String name, String x) {
    int channels = weights.extent(name + ".weight", 1);
    FloatBuffer stored = weights.floats(name + ".weight");
    FloatBuffer turned = FloatBuffer.allocate(stored.remaining());
    for (int c = 0; c < channels; c++) {
      for (int t = 0; t < TAPS; t++) {
        turned.put(stored.get(t * channels + c));
      }
    }
    return graph.apply("Conv", new Protobuf[] {attribute("group", (long) channels), attribute("pads", PAD, PAD)},
        x, graph.constant(turned.flip(), channels, 1, TAPS), constant(name + ".bias"));
  }

  // Stored phase by phase: [rate * out, taps of a phase, in].
  private String upsample(String name, String x, int rate, int taps) {
    int out = weights.extent(name + ".weight", 0) / rate;
    int phaseTaps = weights.extent(name + ".weight", 1);
    int in = weights.extent(name + ".weight", 2);
    FloatBuffer stored = weights.floats(name + ".weight");
    FloatBuffer turned = FloatBuffer.allocate(in * out * taps);
    for (int i = 0; i < in; i++) {
      for (int o = 0; o < out; o++) {
        for (int t = 0; t < taps; t++) {
          int row = t % rate * out + o;
          turned.put(stored.get((row * phaseTaps + phaseTaps - 1 - t / rate) * in + i));
        }
      }
    }
    long crop = (taps - rate) / 2;
    return graph.apply("ConvTranspose", new Protobuf[] {attribute("strides", new long[] {rate}), attribute("pads", crop, crop)},
        x, graph.constant(turned.flip(), in, out, taps), constant(name + ".bias"));
  }

  // Stored [out, in].
  private String linear(String name, String x) {
    int out = weights.extent(name + ".weight", 0);
    int in = weights.extent(name + ".weight", 1);
    FloatBuffer stored = weights.floats(name + ".weight");
    FloatBuffer turned = FloatBuffer.allocate(stored.remaining());
    for (int i = 0; i < in; i++) {
      for (int o = 0; o < out; o++) {
        turned.put(stored.get(o * in + i));
      }
    }
    return graph.apply("Add", graph.apply("MatMul", x, graph.constant(turned.flip(), in, out)), constant(name + ".bias"));
  }

  private String constant(String name) {
    boolean matrix = name.endsWith("codebook");
    FloatBuffer values = weights.floats(name);
    return matrix ? graph.constant(values, weights.extent(name, 0), weights.extent(name, 1)) : graph.constant(values, values.remaining());
  }

  // [1, frames, channels] and [1, channels, frames] from one to the other.
  private String turned(String x) {
    return graph.apply("Transpose", new Protobuf[] {attribute("perm", 0, 2, 1)}, x);
  }
}
