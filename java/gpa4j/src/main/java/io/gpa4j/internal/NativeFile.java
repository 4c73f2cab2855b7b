package io.gpa4j.internal;

import io.gpa4j.ModelFormatException;
import io.gpa4j.bindings.global.gpa;
import io.gpa4j.bindings.gpa_error;
import io.gpa4j.bindings.gpa_file;
import io.gpa4j.bindings.gpa_file_tensor;
import io.gpa4j.bindings.gpa_file_value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/** A {@code gpa_file}: owned (opened by path) or borrowed from a model. Not safe against a concurrent {@link #close()}. */
public final class NativeFile implements AutoCloseable {
  /** A metadata entry; types are GGUF's value types. */
  public record Value(String key, int type, int elementType, long count) {}

  /** A tensor; the shape is outermost first. */
  public record Info(String name, int type, long[] shape, long offset, long bytes) {}

  private static final long MAX_TEXT_BYTES = 1 << 28;

  private final gpa_file file;
  private final boolean owned;
  private boolean closed;

  private NativeFile(gpa_file file, boolean owned) {
    this.file = file;
    this.owned = owned;
  }

  /** Opens a GGUF file of any architecture. */
  public static NativeFile open(String path) {
    Native.load();
    gpa_file file = new gpa_file((Pointer) null);
    try (gpa_error error = new gpa_error()) {
      Native.check(gpa.gpa_file_open(path, file, error), error);
    }
    return new NativeFile(file, true);
  }

  /** A view of a file that somebody else owns. */
  static NativeFile borrowed(gpa_file file) {
    return new NativeFile(file, false);
  }

  /** All metadata entries in the file's order. */
  public List<Value> values() {
    long count = gpa.gpa_file_value_count(file);
    List<Value> values = new ArrayList<>();
    try (gpa_error error = new gpa_error(); gpa_file_value value = new gpa_file_value()) {
      for (long i = 0; i < count; i++) {
        Native.check(gpa.gpa_file_value_at(file, i, value, error), error);
        values.add(new Value(Native.string(value.key()), value.type(), value.element_type(), value.count()));
      }
    }
    return values;
  }

  /** All tensors in the file's order. */
  public List<Info> tensors() {
    long count = gpa.gpa_file_tensor_count(file);
    List<Info> tensors = new ArrayList<>();
    try (gpa_error error = new gpa_error(); gpa_file_tensor tensor = new gpa_file_tensor()) {
      for (long i = 0; i < count; i++) {
        Native.check(gpa.gpa_file_tensor_at(file, i, tensor, error), error);
        long[] shape = new long[tensor.rank()];
        for (int d = 0; d < shape.length; d++) {
          shape[d] = tensor.shape(d);
        }
        tensors.add(new Info(Native.string(tensor.name()), tensor.type(), shape, tensor.offset(), tensor.bytes()));
      }
    }
    return tensors;
  }

  /** The mapped bytes [offset, offset + length) of the index-th tensor; valid until this is closed. */
  public ByteBuffer data(long index, long offset, int length) {
    try (gpa_error error = new gpa_error(); gpa_file_tensor tensor = new gpa_file_tensor()) {
      Native.check(gpa.gpa_file_tensor_at(file, index, tensor, error), error);
      if (offset < 0 || length < 0 || offset > tensor.bytes() - length) {
        throw new IndexOutOfBoundsException(
            "bytes " + offset + " + " + length + " of a tensor of " + tensor.bytes() + " bytes");
      }
      if (length == 0) {
        return ByteBuffer.allocateDirect(0);
      }
      BytePointer bytes = new BytePointer(tensor.data());
      bytes.position(offset).limit(offset + length);
      return bytes.asByteBuffer().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /** The index-th element of a value as a number. */
  public double number(String key, long index) {
    double[] number = new double[1];
    try (gpa_error error = new gpa_error()) {
      Native.check(gpa.gpa_file_number(file, key, index, number, error), error);
    }
    return number[0];
  }

  /** The index-th element of a value as a string. */
  public String text(String key, long index) {
    BytePointer text = new BytePointer((Pointer) null);
    try (gpa_error error = new gpa_error(); LongPointer length = new LongPointer(1)) {
      Native.check(gpa.gpa_file_string(file, key, index, text, length, error), error);
      if (length.get() > MAX_TEXT_BYTES) {
        throw new ModelFormatException("metadata '" + key + "' is a string of " + length.get() + " bytes; at most " + MAX_TEXT_BYTES + " are read");
      }
      byte[] bytes = new byte[(int) length.get()];
      text.get(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  @Override
  public synchronized void close() {
    if (owned && !closed) {
      closed = true;
      gpa.gpa_file_free(file);
    }
  }
}
