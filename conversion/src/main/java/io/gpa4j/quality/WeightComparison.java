package io.gpa4j.quality;

import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.GgufStore;
import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.quality.ModelQuality.WeightQuality;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Compares decoded weights, a piece of a tensor at a time: memory does not grow with the model. */
final class WeightComparison {
  // Whole blocks of every type.
  private static final int PIECE = 1 << 18;

  private WeightComparison() {}

  /**
   * Checks that two files hold the same tensors.
   *
   * @throws ModelFormatException naming the first tensor that one lacks or that has another shape
   */
  static void check(GgufStore model, GgufStore reference) {
    for (StoredTensor want : reference.tensors().values()) {
      StoredTensor got = model.tensors().get(want.name());
      if (got == null) {
        throw new ModelFormatException(model.label() + ": tensor '" + want.name() + "' is missing, which the reference " + reference.label()
            + " holds");
      }
      if (!Arrays.equals(got.shape(), want.shape())) {
        throw new ModelFormatException(model.label() + ": tensor '" + want.name() + "' has shape " + Arrays.toString(got.shape())
            + ", in the reference " + reference.label() + " " + Arrays.toString(want.shape()) + "; only models of one checkpoint can be compared");
      }
    }
    model.tensors().keySet().stream().filter(name -> !reference.tensors().containsKey(name)).findFirst().ifPresent(name -> {
      throw new ModelFormatException(model.label() + ": tensor '" + name + "' is not in the reference " + reference.label());
    });
  }

  /** Compares all tensors of two files that {@link #check} let pass. */
  static List<WeightQuality> compare(GgufStore model, GgufStore reference) {
    List<WeightQuality> results = new ArrayList<>();
    float[] got = new float[PIECE];
    float[] want = new float[PIECE];
    for (StoredTensor wanted : reference.tensors().values()) {
      StoredTensor gotten = model.tensors().get(wanted.name());
      Difference difference = new Difference();
      for (long first = 0; first < wanted.elements(); first += PIECE) {
        int count = (int) Math.min(PIECE, wanted.elements() - first);
        wanted.read(first, count, want, 0);
        gotten.read(first, count, got, 0);
        difference.add(got, want, count);
      }
      results.add(new WeightQuality(wanted.name(), model.type(wanted.name()), wanted.elements(), difference.relativeRmse(), difference.maxError()));
    }
    return results;
  }
}
