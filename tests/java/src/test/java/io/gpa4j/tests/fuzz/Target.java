package io.gpa4j.tests.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** A reader under test: what it is fed with, and how. */
interface Target extends AutoCloseable {
  /** What a reader may take to refuse an input, slow machines included: a slow one is read again, and the fastest of four times counts. */
  long MAX_MILLIS = 200;

  /** What the command line calls it. */
  String name();

  /** Inputs that are as they should be, or nearly. */
  List<byte[]> seeds();

  /** Pieces that mean something in such inputs. */
  List<String> words();

  /** Reads all of the input. Returns, or throws a {@link io.gpa4j.GpaException} whose message holds {@link #label()}. */
  void read(byte[] input) throws Exception;

  /** What messages call the input. */
  String label();

  /** The input with what must fit the rest of it put right, so that what lies behind is reached; most inputs are read so. */
  default byte[] repaired(byte[] input) {
    return input;
  }

  /** Bytes on the Java heap that one execution may take, however small the input. */
  default long freeBytes() {
    return 2 << 20;
  }

  /** Bytes on the Java heap that one execution may take beyond that for each byte of input. */
  default long bytesPerByte() {
    return MAX_MILLIS;
  }

  /** Milliseconds that an input may take which is read and not refused. */
  default long readMillis() {
    return MAX_MILLIS;
  }

  /** Whether libraries that are not ours allocate outside Java for it: then the memory of the whole process is watched, too. */
  default boolean isForeign() {
    return false;
  }

  @Override
  default void close() {}

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
