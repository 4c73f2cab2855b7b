package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.Precision;
import io.gpa4j.Tensor;
import io.gpa4j.Voice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What rounding to int8 changes in the audio networks of the demo model, over its clips: docs/precision.md. */
@Timeout(300)
class PrecisionIT {
  private static final int CLIPS = 32;
  private static final double MOST_FLIPS = 0.005;
  private static final double LEAST_SNR = 35;

  private int glmIds;
  private int glmFlips;
  private int semanticIds;
  private int semanticFlips;
  private double signal;
  private double error;

  @Test
  void fast_keepsIdsAndWaveform() {
    Path model = Project.work().resolve("precision-q8_0.gguf");
    assertThat(Cli.run("quantize", Project.demoModel(), "-o", model, "--type", "q8_0").code()).isZero();
    try (Gpa exact = Gpa.builder(model).build(); Gpa fast = Gpa.builder(model).precision(Precision.FAST).build()) {
      for (int clip = 0; clip < CLIPS; clip++) {
        compare(exact, fast, AudioSource.of(Project.clip(clip)).samples());
      }
    }
    assertThat(glmIds).isGreaterThan(600);
    assertThat((double) glmFlips / glmIds).isLessThanOrEqualTo(MOST_FLIPS);
    assertThat((double) semanticFlips / semanticIds).isLessThanOrEqualTo(MOST_FLIPS);
    double snr = 10 * Math.log10(signal / error);
    // Rounding does take place.
    assertThat(snr).isBetween(LEAST_SNR, 60.0);
  }

  private void compare(Gpa exact, Gpa fast, float[] wav) {
    int[] semantic = semantic(exact, wav);
    semanticIds += semantic.length;
    semanticFlips += flips(semantic, semantic(fast, wav));
    int[] glm = glm(exact, wav);
    glmIds += glm.length;
    glmFlips += flips(glm, glm(fast, wav));
    float[] one = waveform(exact, semantic);
    float[] other = waveform(fast, semantic);
    for (int i = 0; i < one.length; i++) {
      signal += one[i] * one[i];
      error += (one[i] - other[i]) * (one[i] - other[i]);
    }
  }

  private static int flips(int[] one, int[] other) {
    assertThat(other).hasSameSizeAs(one);
    int flips = 0;
    for (int i = 0; i < one.length; i++) {
      flips += one[i] == other[i] ? 0 : 1;
    }
    return flips;
  }

  private static int[] semantic(Gpa gpa, float[] wav) {
    Tensor level = run(gpa, "volume", "wav_normalized", Tensor.of("wav", wav));
    return run(gpa, "bicodec_encoder", "semantic_ids", run(gpa, "wav2vec2", "w2v_feat", level)).ints();
  }

  private static int[] glm(Gpa gpa, float[] wav) {
    return run(gpa, "glm_tokenizer", "glm_ids", run(gpa, "glm_mel", "glm_mel", Tensor.of("wav", wav)), Tensor.of("samples", wav.length)).ints();
  }

  private static float[] waveform(Gpa gpa, int[] ids) {
    int[] voice = new int[Voice.TOKENS];
    Arrays.fill(voice, 3);
    return run(gpa, "bicodec_decoder", "decode_wav", Tensor.of("semantic_ids", ids), Tensor.of("global_ids", voice)).floats();
  }

  private static Tensor run(Gpa gpa, String network, String result, Tensor... inputs) {
    List<Tensor> results = gpa.networks().run(network, inputs);
    return results.stream().filter(tensor -> tensor.name().equals(result)).findFirst().orElseThrow();
  }
}
