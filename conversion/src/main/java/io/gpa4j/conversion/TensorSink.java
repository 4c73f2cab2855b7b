package io.gpa4j.conversion;

import java.nio.ByteBuffer;

/** Takes elements of the tensor that is being made. */
interface TensorSink {
  /** Puts values[0, count) at elements [first, first + count) of the target, in row-major order: of a quantised target, whole rows. */
  void write(long first, float[] values, int count);

  /** Puts bytes, already of the target's type, at a byte offset. */
  void copy(long offset, ByteBuffer bytes);
}
