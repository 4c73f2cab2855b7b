package io.gpa4j.benchmark;

import io.gpa4j.Gpa;
import io.gpa4j.Precision;
import io.gpa4j.Voice;
import java.nio.file.Path;
import java.util.Arrays;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The model under test: the file that the property {@code gpa.model} names, or the demo's, on {@code gpa.threads} threads at
 * {@code gpa.precision}. Cases, names and inputs are those of {@code tests/native/bench/api.cc}.
 */
@State(Scope.Benchmark)
public class BenchmarkModel {
  /** What is spoken. */
  static final String TEXT = "turn on the light in the kitchen";

  Gpa gpa;
  Voice voice;

  static Gpa openModel() {
    String named = System.getProperty("gpa.model");
    Path file = named == null ? Path.of(System.getProperty("gpa.home", "."), "tests/data/demo/demo.gguf") : Path.of(named);
    return Gpa.builder(file).threads(Integer.getInteger("gpa.threads", 2)).maxConcurrency(16)
        .precision(Precision.valueOf(System.getProperty("gpa.precision", "EXACT"))).build();
  }

  static int[] prompt(int length) {
    int[] ids = new int[length];
    Arrays.setAll(ids, i -> i * 37 % 4000);
    return ids;
  }

  static int[] voiceTokens() {
    int[] tokens = new int[Voice.TOKENS];
    Arrays.fill(tokens, 3);
    return tokens;
  }

  /** Something like a voice: harmonics of a gliding pitch with pauses. */
  static float[] clip(int seconds) {
    float[] out = new float[seconds * 16_000];
    double phase = 0;
    for (int i = 0; i < out.length; i++) {
      double t = i / 16_000.0;
      phase += (120 + 40 * Math.sin(1.7 * t)) / 16_000.0;
      double sum = 0;
      for (int h = 1; h < 12; h++) {
        sum += Math.sin(2 * Math.PI * h * phase) / h;
      }
      out[i] = (float) (Math.sin(4 * t) > -0.7 ? 0.1 * sum : 0);
    }
    return out;
  }

  /** Opens it. */
  @Setup(Level.Trial)
  public void open() {
    gpa = openModel();
    voice = Voice.of("voice", voiceTokens());
  }

  /** Closes it. */
  @TearDown(Level.Trial)
  public void close() {
    gpa.close();
  }
}
