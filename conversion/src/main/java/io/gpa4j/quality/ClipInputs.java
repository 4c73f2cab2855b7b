package io.gpa4j.quality;

import io.gpa4j.AudioFormatException;
import io.gpa4j.AudioSource;
import io.gpa4j.Networks;
import io.gpa4j.Tensor;
import io.gpa4j.Voice;
import io.gpa4j.quality.Clips.Clip;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** What the networks of a reference take of a clip, or of none. */
final class ClipInputs {
  // Activations of a whole network are kept while a clip is compared, and they are many.
  private static final int LONGEST = 10 * 16_000;
  // Samples of a frame of the GLM tokenizer, which takes no more than it has positions for.
  private static final int FRAME = 320;
  private static final int CODES = 100;

  private final OpenModel model;
  private final Networks networks;

  ClipInputs(OpenModel model) {
    this.model = model;
    this.networks = model.gpa().networks();
  }

  /** The first ten seconds of a clip as the front ends see them; these have no weights. */
  Map<String, Tensor> of(Clip clip) {
    AudioSource source = AudioSource.of(clip.file());
    Map<String, Tensor> inputs = new HashMap<>();
    try {
      if (model.holds("glm")) {
        float[] mixed = cut(source.mixedSamples());
        put(inputs, Tensor.of("samples", mixed.length));
        put(inputs, networks.run("glm_mel", Tensor.of("wav", mixed)).get(0));
      }
      if (model.holds("wav2vec2") || model.holds("speaker")) {
        Tensor normalized = normalized(cut(source.samples()));
        put(inputs, normalized);
        if (model.holds("speaker")) {
          put(inputs, networks.run("speaker_mel", normalized).get(0));
        }
      }
      return inputs;
    } catch (AudioFormatException e) {
      throw named(clip, e);
    }
  }

  /** What all its networks give for a clip: ids above all. */
  Map<String, Tensor> results(Clip clip) {
    Map<String, Tensor> given = of(clip);
    try {
      for (Network network : Network.values()) {
        if (model.holds(network.part()) && network != Network.BICODEC_DECODER && given.keySet().containsAll(network.inputs())) {
          networks.run(network.label(), network.inputs().stream().map(given::get).toList(), output -> {
            NetworkComparison.keep(output, given);
            return true;
          });
        }
      }
      return given;
    } catch (AudioFormatException e) {
      throw named(clip, e);
    }
  }

  /** Ids by a formula for the codec, where there is no audio. */
  Map<String, Tensor> withoutClip() {
    Map<String, Tensor> inputs = new HashMap<>();
    if (model.holds("codec")) {
      put(inputs, Tensor.of("semantic_ids", ids(CODES, Math.toIntExact(model.store().tensors().get("codec.quantizer.codebook").shape()[0]), 1)));
      put(inputs, Tensor.of("global_ids", ids(Voice.TOKENS, Voice.TOKEN_LIMIT, 2)));
    }
    return inputs;
  }

  /** The same ids below a limit each time. */
  static int[] ids(int count, int limit, long seed) {
    Random random = new Random(seed);
    return IntStream.generate(() -> random.nextInt(limit)).limit(count).toArray();
  }

  private Tensor normalized(float[] wav) {
    if (model.file().number("gpa.codec.volume_normalize").orElse(0) == 0) {
      return Tensor.of("wav_normalized", wav);
    }
    return networks.run("volume", Tensor.of("wav", wav)).get(0);
  }

  private float[] cut(float[] samples) {
    double window = model.file().number("gpa.glm.max_positions").orElse(LONGEST) * FRAME;
    return Arrays.copyOf(samples, (int) Math.min(samples.length, Math.min(LONGEST, window)));
  }

  private static void put(Map<String, Tensor> inputs, Tensor tensor) {
    inputs.put(tensor.name(), tensor);
  }

  private static AudioFormatException named(Clip clip, AudioFormatException e) {
    String file = clip.file().toString();
    return e.getMessage().startsWith(file) ? e : new AudioFormatException(file + ": " + e.getMessage(), e);
  }
}
