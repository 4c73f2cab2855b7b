package io.gpa4j.quality;

import io.gpa4j.Networks;
import io.gpa4j.Tensor;
import io.gpa4j.quality.ModelQuality.IdFlips;
import io.gpa4j.quality.NetworkComparison.Given;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Counts the ids that a model's tokenizers make otherwise of the same audio. Not thread-safe. */
final class IdCount {
  private static final String SEMANTIC = "semantic";

  private final Networks model;
  private final Map<String, long[]> counts = new LinkedHashMap<>();

  IdCount(Networks model) {
    this.model = model;
  }

  /** Adds what both sides made of a clip. */
  void add(Given given) {
    count("glm", given.reference(), given.model());
    Tensor features = given.model().get(Network.WAV2VEC2.result());
    if (features != null && given.reference().containsKey(SEMANTIC + "_ids")) {
      // Two networks in a row: the second one of the model's own features, and not of the reference's.
      Map<String, Tensor> own = new LinkedHashMap<>();
      model.run(Network.BICODEC_ENCODER.label(), List.of(features), output -> {
        NetworkComparison.keep(output, own);
        return true;
      });
      count(SEMANTIC, given.reference(), own);
    }
    count("global", given.reference(), given.model());
  }

  private void count(String tokenizer, Map<String, Tensor> reference, Map<String, Tensor> model) {
    Tensor want = reference.get(tokenizer + "_ids");
    Tensor got = model.get(tokenizer + "_ids");
    if (want == null || got == null) {
      return;
    }
    int[] wanted = want.ints();
    int[] gotten = got.ints();
    long[] count = counts.computeIfAbsent(tokenizer, key -> new long[2]);
    for (int i = 0; i < wanted.length; i++) {
      count[0]++;
      count[1] += i >= gotten.length || gotten[i] != wanted[i] ? 1 : 0;
    }
  }

  List<IdFlips> results() {
    return counts.entrySet().stream().map(entry -> new IdFlips(entry.getKey(), entry.getValue()[0], entry.getValue()[1])).toList();
  }
}
