package io.gpa4j.fabricate;

import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.checkpoint.StoredType;

/** A tensor whose elements are made up when they are read. */
final class FabricatedTensor extends StoredTensor {
  private final long key;
  private final double mean;
  private final double deviation;

  FabricatedTensor(String file, String name, StoredType type, long[] shape, long seed, double mean, double deviation) {
    super(file, name, type, shape);
    this.key = Noise.key(seed, file + '\n' + name);
    this.mean = mean;
    this.deviation = deviation;
  }

  /** What every element of a tensor of integers is. */
  long constant() {
    return (long) mean;
  }

  @Override
  protected void fetch(long first, int count, float[] into, int at) {
    Noise.fill(key, first, count, mean, deviation, into, at);
  }
}
