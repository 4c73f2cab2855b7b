package io.gpa4j.conversion;

/** Takes elements of the tensor that is being made. */
interface TensorSink {
  /** Puts values[0, count) at elements [first, first + count) of the target, in row-major order. */
  void write(long first, float[] values, int count);
}
