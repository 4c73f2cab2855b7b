package io.gpa4j.conversion;

import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.checkpoint.StoredType;

/** A stored tensor that lies in memory. */
final class MemoryTensor extends StoredTensor {
  private final float[] values;

  MemoryTensor(Tensors tensor) {
    super("memory", "tensor", StoredType.F32, tensor.shape());
    this.values = tensor.values();
  }

  @Override
  protected void fetch(long first, int count, float[] into, int at) {
    System.arraycopy(values, (int) first, into, at, count);
  }
}
