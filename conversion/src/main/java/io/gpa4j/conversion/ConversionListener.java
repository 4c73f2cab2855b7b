package io.gpa4j.conversion;

/** Hears how a conversion goes on. Calls come from the thread that converts, in order; they should return soon. */
public interface ConversionListener {
  /** One that ignores everything. */
  ConversionListener NONE = new ConversionListener() {};

  /** The plan stands: so many tensors and bytes will be written. */
  default void started(int tensors, long bytes) {}

  /** A tensor is done; bytes of tensor data were written so far. */
  default void advanced(String tensor, int tensors, long bytes) {}

  /** Something that the user should know, but that stops nothing. */
  default void warned(String message) {}
}
