package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import io.gpa4j.gguf.GgufTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Floats on their way into tensors, encoded by the engine's own code through buffers that are used again. One thread's. */
final class Encoder {
  private static final int STEP = 1 << 16;
  // From here on rounding gives infinity. A block's scale is a binary16 too.
  private static final float HALF_LIMIT = 65520;
  private static final float BFLOAT_LIMIT = 0x1.FFp127f;

  private ByteBuffer floats = direct(STEP * Float.BYTES);
  private ByteBuffer encoded = direct(STEP * Float.BYTES);

  /** Takes what is encoded, in order. */
  interface Output {
    /** The bytes that stand at an offset of the tensor's data; valid during the call. */
    void write(long offset, ByteBuffer bytes);
  }

  /**
   * Encodes values[0, count), which are elements [first, first + count) of a tensor: of a quantised one, whole rows.
   *
   * @param importance of the tensor's columns, as {@link ElementType#quantize} takes it
   * @return index of the first value that is too large for the type, before which nothing is lost; -1: all went out
   */
  int encode(GgufTensor tensor, ByteBuffer importance, long first, float[] values, int count, Output out) {
    ElementType type = tensor.type();
    int bad = firstBeyond(type, values, count);
    if (bad >= 0) {
      return bad;
    }
    int row = type.isQuantized() ? Math.toIntExact(tensor.row()) : 1;
    int step = Math.max(1, STEP / row) * row;
    if (first % row != 0 || count % row != 0) {
      throw new IllegalStateException(tensor.name() + ": elements " + first + " + " + count + " are no whole rows of " + row);
    }
    for (int done = 0; done < count; done += step) {
      int now = Math.min(step, count - done);
      floats = atLeast(floats, now * (long) Float.BYTES);
      encoded = atLeast(encoded, type.bytes(now));
      floats.clear().asFloatBuffer().put(values, done, now);
      encoded.clear();
      if (type.isQuantized()) {
        type.quantize(floats, now / row, row, importance, encoded);
      } else {
        ElementType.F32.convert(floats, type, encoded, now);
      }
      out.write(type.bytes(first + done), encoded.limit(Math.toIntExact(type.bytes(now))));
    }
    return -1;
  }

  private static int firstBeyond(ElementType type, float[] values, int count) {
    float limit = switch (type) {
      case F32 -> Float.POSITIVE_INFINITY;
      case BF16 -> BFLOAT_LIMIT;
      default -> HALF_LIMIT;
    };
    for (int i = 0; i < count; i++) {
      if (!(Math.abs(values[i]) < limit)) {
        return i;
      }
    }
    return -1;
  }

  private static ByteBuffer atLeast(ByteBuffer buffer, long bytes) {
    return buffer.capacity() >= bytes ? buffer : direct(Math.toIntExact(bytes));
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
