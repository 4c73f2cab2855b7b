package io.gpa4j.fabricate;

import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.checkpoint.StoredType;
import io.gpa4j.checkpoint.TensorStore;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Collects the tensors of one network. Gains are the deviation of an output whose inputs have mean square 1; fan-ins are
 * divided out here. Norms, biases and statistics stay off their defaults, so that none can be left out unnoticed.
 */
final class TensorPlan implements TensorStore {
  private static final double SMALL = 0.05;
  private static final double NORM = 0.1;

  private final String file;
  private final long seed;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

  TensorPlan(String file, long seed) {
    this.file = file;
    this.seed = seed;
  }

  /** Elements around a mean. */
  void around(String name, double mean, double deviation, long... shape) {
    put(name, StoredType.F32, mean, deviation, shape);
  }

  /** Elements around zero. */
  void normal(String name, double deviation, long... shape) {
    around(name, 0, deviation, shape);
  }

  /** A matrix or convolution [out, in, taps…] of a gain, without a bias. */
  void weight(String name, double gain, long... shape) {
    long fanIn = StoredTensor.elements(shape) / shape[0];
    normal(name, gain / Math.sqrt(fanIn), shape);
  }

  /** {@code prefix.weight} as {@link #weight} and a small {@code prefix.bias}. */
  void affine(String prefix, double gain, long... shape) {
    weight(prefix + ".weight", gain, shape);
    normal(prefix + ".bias", SMALL, shape[0]);
  }

  /** Weight and bias of a LayerNorm. */
  void layerNorm(String prefix, long channels) {
    around(prefix + ".weight", 1, NORM, channels);
    normal(prefix + ".bias", SMALL, channels);
  }

  /** Weight of an RMSNorm, around a value. */
  void rmsNorm(String prefix, double mean, long channels) {
    around(prefix + ".weight", mean, NORM, channels);
  }

  /** A BatchNorm with statistics. */
  void batchNorm(String prefix, long channels) {
    layerNorm(prefix, channels);
    around(prefix + ".running_mean", 0.3, 0.1, channels);
    around(prefix + ".running_var", 1, 0.15, channels);
    put(prefix + ".num_batches_tracked", StoredType.I64, 1000, 0);
  }

  /** A weight-normalised layer whose rows (first axis) get the given norm once folded, and a bias of so many channels. */
  void weightNorm(String prefix, double norm, long biases, long... shape) {
    normal(prefix + ".bias", SMALL / 2, biases);
    around(prefix + ".weight_g", norm, norm * NORM / 2, shape[0], 1, 1);
    weight(prefix + ".weight_v", 1, shape);
  }

  private void put(String name, StoredType type, double mean, double deviation, long... shape) {
    if (tensors.put(name, new FabricatedTensor(file, name, type, shape, seed, mean, deviation)) != null) {
      throw new IllegalStateException(name + " twice");
    }
  }

  @Override
  public String label() {
    return file;
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public void close() {
    // nothing is held
  }
}
