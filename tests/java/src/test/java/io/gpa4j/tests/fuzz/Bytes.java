package io.gpa4j.tests.fuzz;

import java.io.ByteArrayOutputStream;

/** Builds little-endian files and pickles byte by byte. */
final class Bytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  Bytes raw(byte... bytes) {
    out.writeBytes(bytes);
    return this;
  }

  Bytes text(String text) {
    return raw(Target.utf8(text));
  }

  /** The lowest bytes of a number, lowest first. */
  Bytes number(long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >>> 8 * i));
    }
    return this;
  }

  /** A GGUF string. */
  Bytes string(String text) {
    return number(Target.utf8(text).length, 8).text(text);
  }

  Bytes padTo(int alignment) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
    return this;
  }

  byte[] toArray() {
    return out.toByteArray();
  }
}
