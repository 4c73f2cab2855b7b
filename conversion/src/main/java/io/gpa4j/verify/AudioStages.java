package io.gpa4j.verify;

import io.gpa4j.CancelledException;
import io.gpa4j.GpaException;
import io.gpa4j.Networks;
import io.gpa4j.Tensor;
import io.gpa4j.verify.Goldens.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** The audio networks over all clips: each one fed with the goldens of the one before, and all in a row from the audio on. */
final class AudioStages {
  private static final String GOLDEN = "golden";
  private static final String OWN = "own";

  /** A network: its inputs, and the goldens that belong to it by the beginning of their names. */
  private record Network(String name, List<String> inputs, List<String> results) {
    boolean owns(String tensor) {
      return results.stream().anyMatch(tensor::startsWith);
    }
  }

  private static final List<Network> NETWORKS = List.of(
      new Network("volume", List.of("wav"), List.of("wav_normalized")),
      new Network("glm_mel", List.of("wav"), List.of("glm_mel")),
      new Network("glm_tokenizer", List.of("glm_mel"),
          List.of("glm_conv", "glm_embed", "glm_layer", "glm_pooled", "glm_ids", "glm_margin")),
      new Network("wav2vec2", List.of("wav_normalized"), List.of("w2v_")),
      new Network("bicodec_encoder", List.of("w2v_feat"), List.of("encoder_", "bicodec_", "semantic_")),
      new Network("speaker_mel", List.of("wav_normalized"), List.of("speaker_mel")),
      new Network("speaker_encoder", List.of("speaker_mel"), List.of("ecapa_", "perceiver_", "fsq_", "global_ids")),
      new Network("bicodec_decoder", List.of("semantic_ids", "global_ids"), List.of("decode_", "prenet_")));

  /** Margins of ids, and above which of them a float32 choice is firm. */
  private record Margin(String tensor, double firmAbove) {}

  private static final Map<String, Margin> MARGINS = Map.of(
      "glm_ids", new Margin("glm_margin", 0.02),
      "semantic_ids", new Margin("semantic_margin", 1e-4),
      "global_ids", new Margin("fsq_margin", 1e-4));

  // What a later network reads of a clip, as the networks before computed it.
  private record Clip(Table table, Map<String, Tensor> own) {}

  private final Networks networks;
  private final Goldens goldens;
  private final VerifyOptions options;

  AudioStages(Networks networks, Goldens goldens, VerifyOptions options) {
    this.networks = networks;
    this.goldens = goldens;
    this.options = options;
  }

  void run(Consumer<Stage> done) {
    List<Clip> clips = new ArrayList<>();
    try {
      for (String name : goldens.clips()) {
        if (goldens.has(name)) {
          clips.add(new Clip(goldens.open(name), new HashMap<>()));
        }
      }
      for (String input : List.of(GOLDEN, OWN)) {
        for (Network network : NETWORKS) {
          Stage stage = new Stage(network.name(), input, options);
          if (network.name().equals("volume") && input.equals(GOLDEN) && goldens.has("volume")) {
            volumeRows(stage);
          }
          clips.forEach(clip -> runOne(stage, network, input, clip));
          done.accept(stage);
        }
      }
      done.accept(strangers(clips));
    } finally {
      clips.forEach(clip -> clip.table().close());
    }
  }

  // Goldens of no network: a misspelt name must not pass for a comparison.
  private Stage strangers(List<Clip> clips) {
    Stage stage = new Stage("goldens", GOLDEN, options);
    for (Clip clip : clips) {
      List<String> unknown = clip.table().names().stream()
          .filter(name -> !isInput(name) && NETWORKS.stream().noneMatch(network -> network.owns(name))).toList();
      if (!unknown.isEmpty()) {
        stage.fail(clip.table().name() + ": nothing to compare with " + String.join(", ", unknown));
      }
    }
    return stage;
  }

  // volume.safetensors: even rows are signals, odd ones what becomes of them.
  private void volumeRows(Stage stage) {
    try (Table table = goldens.open("volume")) {
      float[] rows = table.floats("volume");
      long[] shape = table.matrix("volume");
      int length = (int) shape[1];
      for (int row = 0; row + 1 < shape[0]; row += 2) {
        float[] signal = Arrays.copyOfRange(rows, row * length, (row + 1) * length);
        float[] want = Arrays.copyOfRange(rows, (row + 1) * length, (row + 2) * length);
        for (Tensor result : networks.run("volume", Tensor.of("wav", signal))) {
          stage.tensor("volume: row " + row, result.floats(), want);
        }
      }
    } catch (GpaException e) {
      stage.fail(e.getMessage());
    }
  }

  private void runOne(Stage stage, Network network, String input, Clip clip) {
    Table table = clip.table();
    Set<String> expected = new TreeSet<>(table.names().stream().filter(network::owns).toList());
    if (expected.isEmpty() && input.equals(GOLDEN)) {
      return;
    }
    try {
      Tensor[] inputs = inputs(network, input, clip);
      if (inputs != null) {
        networks.run(network.name(), List.of(inputs), result -> take(stage, input, clip, expected, result));
        if (!expected.isEmpty()) {
          stage.fail(table.name() + ": the engine does not show " + String.join(", ", expected));
        }
      } else if (input.equals(GOLDEN) && !table.has("wav") && !expected.stream().allMatch(AudioStages::isInput)) {
        stage.fail(table.name() + ": neither " + String.join(", ", network.inputs()) + " nor wav is there to compute "
            + String.join(", ", expected));
      }
    } catch (CancelledException e) {
      throw e;
    } catch (GpaException | IllegalArgumentException e) {
      stage.fail(table.name() + ": " + e.getMessage());
    }
  }

  private static boolean take(Stage stage, String input, Clip clip, Set<String> expected, Networks.Result result) {
    Tensor got = null;
    if (expected.remove(result.name())) {
      got = result.copy();
      compare(stage, clip.table(), got);
    }
    if (input.equals(OWN) && isInput(result.name())) {
      clip.own().put(result.name(), got == null ? result.copy() : got);
    }
    return true;
  }

  private static boolean isInput(String tensor) {
    return NETWORKS.stream().anyMatch(network -> network.inputs().contains(tensor));
  }

  // Null where one of them is not there.
  private static Tensor[] inputs(Network network, String input, Clip clip) {
    Table table = clip.table();
    Tensor[] inputs = new Tensor[network.inputs().size() + (network.name().equals("glm_tokenizer") ? 1 : 0)];
    for (int i = 0; i < network.inputs().size(); i++) {
      String name = network.inputs().get(i);
      if (input.equals(OWN) && !name.equals("wav")) {
        inputs[i] = chained(table, name, clip.own().get(name));
      } else if (table.has(name)) {
        inputs[i] = tensor(table, name);
      }
      if (inputs[i] == null) {
        return null;
      }
    }
    if (inputs.length > network.inputs().size()) {
      if (!table.has("wav")) {
        return null;
      }
      inputs[inputs.length - 1] = Tensor.of("samples", (int) table.matrix("wav")[0]);
    }
    return inputs;
  }

  // Ids that differ were judged where they came from; beyond them only the reference's own ids can be compared.
  private static Tensor chained(Table table, String name, Tensor own) {
    boolean otherIds = own != null && own.isInts() && table.has(name) && !Arrays.equals(own.ints(), table.ints(name));
    return otherIds ? tensor(table, name) : own;
  }

  private static Tensor tensor(Table table, String name) {
    long[] shape = table.matrix(name);
    return table.isInts(name) ? Tensor.of(name, table.ints(name)) : Tensor.of(name, shape[0], shape[1], table.floats(name));
  }

  private static void compare(Stage stage, Table table, Tensor got) {
    String name = got.name();
    String label = table.name() + ": " + name;
    if (got.isInts()) {
      Margin margin = MARGINS.get(name);
      float[] margins = margin == null ? null : table.floatsOrNull(margin.tensor());
      stage.ids(label, got.ints(), table.ints(name), margins, margin == null ? 0 : margin.firmAbove());
    } else if (MARGINS.values().stream().anyMatch(margin -> margin.tensor().equals(name))) {
      // Margins say how firm the reference's choices are; differences of nearly equal numbers, they compare badly themselves.
      return;
    } else if (name.equals("decode_wav")) {
      stage.waveform(label, got.floats(), table.floats(name));
    } else {
      stage.tensor(label, got.floats(), table.floats(name));
    }
  }
}
