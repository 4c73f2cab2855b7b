package io.gpa4j.conversion;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/** A tensor in memory: shape, outermost first, and values. */
record Tensors(long[] shape, float[] values) {
  static Tensors of(float[] values, long... shape) {
    return new Tensors(shape, values);
  }

  static Tensors filled(int seed, long... shape) {
    Random random = new Random(seed);
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new Tensors(shape, values);
  }

  Tensors map(DoubleUnaryOperator f) {
    float[] mapped = new float[values.length];
    for (int i = 0; i < mapped.length; i++) {
      mapped[i] = (float) f.applyAsDouble(values[i]);
    }
    return new Tensors(shape, mapped);
  }
}
