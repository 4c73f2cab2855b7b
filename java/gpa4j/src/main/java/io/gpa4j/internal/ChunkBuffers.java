package io.gpa4j.internal;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** Java's views of the few places where a request's chunks lie, made once each. One thread. */
final class ChunkBuffers {
  private static final int PLACES = 3;

  private final long[] addresses = new long[PLACES];
  private final FloatBuffer[] buffers = new FloatBuffer[PLACES];

  /** The samples there, read-only, from position 0 to the limit. */
  FloatBuffer at(long address, int samples) {
    int place = 0;
    while (buffers[place] != null && addresses[place] != address) {
      place++;
    }
    if (buffers[place] == null || buffers[place].capacity() < samples) {
      addresses[place] = address;
      buffers[place] = new Place(address, samples).asBuffer().asReadOnlyBuffer();
    }
    return buffers[place].clear().limit(samples);
  }

  private static final class Place extends FloatPointer {
    Place(long address, long samples) {
      super((Pointer) null);
      this.address = address;
      capacity(samples);
    }
  }
}
