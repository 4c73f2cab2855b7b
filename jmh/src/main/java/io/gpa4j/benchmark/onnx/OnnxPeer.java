package io.gpa4j.benchmark.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.gpa4j.Gpa;
import io.gpa4j.ModelFile;
import io.gpa4j.Precision;
import io.gpa4j.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ONNX Runtime on the BiCodec decoder in F32, exported by us, beside ours on the same weights and ids, in this process and in turns. */
public final class OnnxPeer implements AutoCloseable {
  /** One call of each, in milliseconds. */
  public record Times(double ours, double theirs) {}

  private static final int TOKENS_A_SECOND = 50;
  private static final int[] SECONDS = {1, 5, 10};
  private static final int CALLS = 3;
  private static final double LEAST_SNR_EXACT = 60;
  private static final double LEAST_SNR_FAST = 25;

  private final Gpa gpa;
  private final boolean exact;
  private final int[] voice;
  private final int codes;
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final OnnxTensor vector;

  /** Exports the model's decoder and loads it, on so many threads each. */
  public OnnxPeer(Path model, int threads, String precision, int[] voice) throws IOException {
    this.voice = voice;
    this.exact = Precision.valueOf(precision) == Precision.EXACT;
    try (ModelFile file = ModelFile.open(model)) {
      codes = (int) file.number("gpa.tokens.semantic.count").orElseThrow();
    }
    gpa = Gpa.builder(model).threads(threads).precision(Precision.valueOf(precision)).build();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      session = environment.createSession(BicodecOnnx.of(model), options);
      Tensor d = named("decode_dvector", gpa.networks().run("bicodec_decoder", inputs(1)));
      vector = OnnxTensor.createTensor(environment, FloatBuffer.wrap(d.floats()), new long[] {1, d.cols(), 1});
    } catch (OrtException e) {
      throw new IOException("onnxruntime: " + e.getMessage(), e);
    }
    check();
  }

  /** Times by case: the medians of a few calls in turns. */
  public Map<String, Times> run() throws IOException {
    Map<String, Times> cases = new LinkedHashMap<>();
    for (int seconds : SECONDS) {
      double[] ours = new double[CALLS];
      double[] theirs = new double[CALLS];
      for (int call = 0; call < CALLS; call++) {
        ours[call] = ours(seconds);
        theirs[call] = theirs(seconds);
      }
      Arrays.sort(ours);
      Arrays.sort(theirs);
      cases.put("bicodec_decoder_" + seconds + "s", new Times(ours[CALLS / 2], theirs[CALLS / 2]));
    }
    return cases;
  }

  private double ours(int seconds) {
    Tensor[] inputs = inputs(seconds);
    long start = System.nanoTime();
    gpa.networks().run("bicodec_decoder", List.of(inputs), result -> true);
    return (System.nanoTime() - start) / 1e6;
  }

  private double theirs(int seconds) throws IOException {
    long start = System.nanoTime();
    waveform(seconds);
    return (System.nanoTime() - start) / 1e6;
  }

  private float[] waveform(int seconds) throws IOException {
    long[] ids = Arrays.stream(ids(seconds)).asLongStream().toArray();
    try (OnnxTensor semantic = OnnxTensor.createTensor(environment, LongBuffer.wrap(ids), new long[] {ids.length});
        OrtSession.Result result = session.run(Map.of("semantic_ids", semantic, "d", vector))) {
      FloatBuffer wav = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] samples = new float[wav.remaining()];
      wav.get(samples);
      return samples;
    } catch (OrtException e) {
      throw new IOException("onnxruntime: " + e.getMessage(), e);
    }
  }

  // Both must compute the same, or their times say nothing.
  private void check() throws IOException {
    float[] ours = named("decode_wav", gpa.networks().run("bicodec_decoder", inputs(1))).floats();
    float[] theirs = waveform(1);
    double signal = 0;
    double error = 0;
    for (int i = 0; i < Math.min(ours.length, theirs.length); i++) {
      signal += theirs[i] * theirs[i];
      error += (ours[i] - theirs[i]) * (ours[i] - theirs[i]);
    }
    double snr = 10 * Math.log10(signal / error);
    if (ours.length != theirs.length || !(snr >= (exact ? LEAST_SNR_EXACT : LEAST_SNR_FAST))) {
      throw new IOException("onnxruntime makes another waveform of the same ids: %d samples beside ours of %d, SNR %.1f dB".formatted(theirs.length, ours.length, snr));
    }
  }

  private Tensor[] inputs(int seconds) {
    return new Tensor[] {Tensor.of("semantic_ids", ids(seconds)), Tensor.of("global_ids", voice)};
  }

  private int[] ids(int seconds) {
    int[] ids = new int[TOKENS_A_SECOND * seconds];
    Arrays.setAll(ids, i -> i * 37 % codes);
    return ids;
  }

  private static Tensor named(String name, List<Tensor> results) {
    return results.stream().filter(tensor -> tensor.name().equals(name)).findFirst().orElseThrow();
  }

  @Override
  public void close() {
    vector.close();
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    } finally {
      gpa.close();
    }
  }
}
