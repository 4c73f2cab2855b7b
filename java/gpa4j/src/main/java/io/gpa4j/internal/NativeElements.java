package io.gpa4j.internal;

import io.gpa4j.bindings.global.gpa;
import io.gpa4j.bindings.gpa_error;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.BytePointer;

/** Conversion of element types by the engine's own code. */
public final class NativeElements {
  private NativeElements() {}

  /** Converts count elements from the position of one direct buffer to the position of another; positions stay. */
  public static void convert(int fromType, ByteBuffer from, int toType, ByteBuffer to, long count) {
    Native.load();
    try (gpa_error error = new gpa_error()) {
      Native.check(gpa.gpa_dtype_convert(fromType, new BytePointer(from), toType, new BytePointer(to), count, error), error);
    }
  }

  /**
   * Encodes rows of floats to a block type, from the position of one direct buffer to the position of another; positions stay.
   *
   * @param importance cols floats, or null
   */
  public static void quantize(int type, ByteBuffer floats, long rows, long cols, ByteBuffer importance, ByteBuffer to) {
    Native.load();
    FloatBuffer weights = importance == null ? null : importance.asFloatBuffer();
    try (gpa_error error = new gpa_error()) {
      Native.check(gpa.gpa_dtype_quantize(type, floats.asFloatBuffer(), rows, cols, weights, new BytePointer(to), error), error);
    }
  }
}
