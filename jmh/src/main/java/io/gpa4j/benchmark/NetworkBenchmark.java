package io.gpa4j.benchmark;

import io.gpa4j.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Single networks on what the networks before them make of the clip. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
public class NetworkBenchmark {
  /** Inputs of every network, made once. */
  @State(Scope.Benchmark)
  public static class Inputs {
    final List<Tensor> all = new ArrayList<>();

    /** Runs every network once. */
    @Setup(Level.Trial)
    public void prepare(DemoModel model) {
      all.add(Tensor.of("wav", model.clip));
      all.add(Tensor.of("samples", model.clip.length));
      all.add(Tensor.of("global_ids", model.voice.tokens()));
      all.add(Tensor.of("prompt", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
      for (String network : List.of("volume", "glm_mel", "wav2vec2", "bicodec_encoder", "speaker_mel")) {
        List<Tensor> results = model.gpa.networks().run(network, all.toArray(Tensor[]::new));
        all.add(last(network, results));
      }
    }

    private static Tensor last(String network, List<Tensor> results) {
      String name = switch (network) {
        case "volume" -> "wav_normalized";
        case "wav2vec2" -> "w2v_feat";
        case "bicodec_encoder" -> "semantic_ids";
        default -> network;
      };
      return results.stream().filter(tensor -> tensor.name().equals(name)).findFirst().orElseThrow();
    }
  }

  /** Mel spectrogram of the semantic tokenizer. */
  @Benchmark
  public int glmMel(DemoModel model, Inputs inputs) {
    return run(model, inputs, "glm_mel");
  }

  /** Semantic tokenizer. */
  @Benchmark
  public int glmTokenizer(DemoModel model, Inputs inputs) {
    return run(model, inputs, "glm_tokenizer");
  }

  /** Features. */
  @Benchmark
  public int wav2vec2(DemoModel model, Inputs inputs) {
    return run(model, inputs, "wav2vec2");
  }

  /** Features to codec tokens. */
  @Benchmark
  public int bicodecEncoder(DemoModel model, Inputs inputs) {
    return run(model, inputs, "bicodec_encoder");
  }

  /** Mel spectrogram to a voice. */
  @Benchmark
  public int speakerEncoder(DemoModel model, Inputs inputs) {
    return run(model, inputs, "speaker_encoder");
  }

  /** Codec tokens to a waveform. */
  @Benchmark
  public int bicodecDecoder(DemoModel model, Inputs inputs) {
    return run(model, inputs, "bicodec_decoder");
  }

  /** A prompt of 16 tokens. */
  @Benchmark
  public int decoder(DemoModel model, Inputs inputs) {
    return run(model, inputs, "decoder");
  }

  private static int run(DemoModel model, Inputs inputs, String network) {
    int[] results = {0};
    model.gpa.networks().run(network, inputs.all, result -> {
      results[0]++;
      return true;
    });
    return results[0];
  }
}
