package io.gpa4j.internal;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * A stream that loses its patience with who goes on at its end: the JDK's readers skip what a header claims, byte by byte and for
 * seconds, whether or not it is there.
 */
final class PatientStream extends FilterInputStream {
  private static final int PATIENCE = 1000;

  private int vain;

  PatientStream(InputStream in) {
    super(in);
  }

  @Override
  public int read() throws IOException {
    int read = in.read();
    count(read < 0);
    return read;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int read = in.read(bytes, offset, length);
    count(read < 0);
    return read;
  }

  @Override
  public long skip(long count) throws IOException {
    long skipped = in.skip(count);
    count(skipped == 0 && count > 0);
    return skipped;
  }

  private void count(boolean nothing) throws EOFException {
    if (nothing && ++vain > PATIENCE) {
      throw new EOFException("it ends before what its header claims");
    }
  }
}
