package io.gpa4j.quality;

import io.gpa4j.Networks;
import io.gpa4j.Tensor;
import io.gpa4j.quality.ModelQuality.NetworkQuality;
import io.gpa4j.quality.ModelQuality.StageQuality;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs networks of a reference and of a model on the same inputs and gathers how their results differ. Not thread-safe. */
final class NetworkComparison {
  private static final String IDS = "_ids";
  // Margins are differences of nearly equal numbers: they compare badly, and say nothing that ids do not.
  private static final String MARGIN = "_margin";

  /** Results that other networks take, by name. */
  record Given(Map<String, Tensor> reference, Map<String, Tensor> model) {
    Given() {
      this(new HashMap<>(), new HashMap<>());
    }
  }

  /** Sees a network's final result. */
  interface Result {
    void accept(float[] got, float[] want);
  }

  private final Networks reference;
  private final Networks model;
  private final Map<Network, Map<String, Difference>> stages = new EnumMap<>(Network.class);

  NetworkComparison(Networks reference, Networks model) {
    this.reference = reference;
    this.model = model;
  }

  /**
   * Compares a network, if what it takes is given.
   *
   * @param given inputs of the reference, which the model takes too; both sides' results that other networks take are added
   * @param result sees the final result
   * @throws IllegalArgumentException if the model's networks are of other sizes
   */
  void run(Network network, Given given, Result result) {
    if (!given.reference().keySet().containsAll(network.inputs())) {
      return;
    }
    List<Tensor> inputs = network.inputs().stream().map(given.reference()::get).toList();
    Map<String, float[]> wanted = new HashMap<>();
    reference.run(network.label(), inputs, output -> {
      keep(output, given.reference());
      // What comes after the result is no way to it.
      if (isCompared(output.name()) && !wanted.containsKey(network.result())) {
        wanted.put(output.name(), output.floats());
      }
      return true;
    });
    Map<String, Difference> differences = stages.computeIfAbsent(network, key -> new LinkedHashMap<>());
    model.run(network.label(), inputs, output -> {
      keep(output, given.model());
      float[] want = wanted.remove(output.name());
      if (want != null) {
        float[] got = output.floats();
        if (got.length != want.length) {
          throw new IllegalArgumentException(network.label() + ": " + output.name() + " has " + got.length + " elements, the reference's "
              + want.length + "; the models are not of one checkpoint");
        }
        differences.computeIfAbsent(output.name(), key -> new Difference()).add(got, want);
        if (output.name().equals(network.result())) {
          result.accept(got, want);
        }
      }
      return true;
    });
  }

  private static boolean isCompared(String name) {
    return !name.endsWith(IDS) && !name.endsWith(MARGIN);
  }

  /** Keeps a result that other networks take. */
  static void keep(Networks.Result output, Map<String, Tensor> given) {
    String name = output.name();
    if (name.endsWith(IDS) || name.equals(Network.WAV2VEC2.result())) {
      given.put(name, output.copy());
    }
  }

  /** What was found, network by network. */
  List<NetworkQuality> results() {
    List<NetworkQuality> results = new ArrayList<>();
    stages.forEach((network, differences) -> {
      List<StageQuality> all = new ArrayList<>();
      differences.forEach((name, difference) -> all.add(new StageQuality(name, difference.cosine(), difference.snrDecibels())));
      StageQuality last = all.stream().filter(stage -> stage.name().equals(network.result())).findFirst().orElseThrow();
      all.remove(last);
      results.add(new NetworkQuality(network.label(), last, all));
    });
    return results;
  }
}
