package io.gpa4j.benchmark;

import io.gpa4j.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Single networks on what the networks before them make of a clip. */
public class NetworkBenchmark {
  /** Inputs of every network, made once. */
  @State(Scope.Benchmark)
  public static class Clip {
    /** Length of the clip. */
    @Param({"1", "5", "10"})
    public int seconds;

    /** What runs. */
    @Param({"glm_mel", "glm_tokenizer", "wav2vec2", "bicodec_encoder", "speaker_encoder", "bicodec_decoder"})
    public String network;

    final List<Tensor> inputs = new ArrayList<>();

    /** Runs the networks before. */
    @Setup(Level.Trial)
    public void prepare(BenchmarkModel model) {
      float[] wav = BenchmarkModel.clip(seconds);
      inputs.add(Tensor.of("wav", wav));
      inputs.add(Tensor.of("samples", wav.length));
      inputs.add(Tensor.of("global_ids", BenchmarkModel.voiceTokens()));
      for (String before : List.of("volume", "glm_mel", "wav2vec2", "bicodec_encoder", "speaker_mel")) {
        List<Tensor> results = model.gpa.networks().run(before, inputs.toArray(Tensor[]::new));
        inputs.add(last(before, results));
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

  /** The prompt of the decoder. */
  @State(Scope.Benchmark)
  public static class Prompt {
    final List<Tensor> inputs = List.of(Tensor.of("prompt", BenchmarkModel.prompt(512)));
  }

  /** One of the audio networks. */
  @Benchmark
  public int network(BenchmarkModel model, Clip clip) {
    return run(model, clip.network, clip.inputs);
  }

  /** A prompt of 512 tokens. */
  @Benchmark
  public int decoder(BenchmarkModel model, Prompt prompt) {
    return run(model, "decoder", prompt.inputs);
  }

  private static int run(BenchmarkModel model, String network, List<Tensor> inputs) {
    int[] results = {0};
    model.gpa.networks().run(network, inputs, result -> {
      results[0]++;
      return true;
    });
    return results[0];
  }
}
