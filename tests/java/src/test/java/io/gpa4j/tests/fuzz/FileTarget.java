package io.gpa4j.tests.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** A target whose inputs are the content of one file. */
final class FileTarget implements Target {
  /** Reads a file to its end. */
  interface Reader {
    /** Reads it. */
    void read(Path file) throws Exception;
  }

  private final String name;
  private final Path file;
  private String label;
  private final Supplier<List<byte[]>> seeds;
  private final List<String> words;
  private final Reader reader;
  private final long freeBytes;
  private UnaryOperator<byte[]> repair = UnaryOperator.identity();
  private UnaryOperator<byte[]> content = UnaryOperator.identity();
  private long bytesPerByte = 200;
  private long readMillis = MAX_MILLIS;
  private boolean foreign;

  FileTarget(String name, Path file, Supplier<List<byte[]>> seeds, List<String> words, long freeBytes, Reader reader) {
    this.name = name;
    this.file = file;
    this.label = file.getFileName().toString();
    this.seeds = seeds;
    this.words = words;
    this.freeBytes = freeBytes;
    this.reader = reader;
  }

  /** Messages hold this in place of the file's name. */
  FileTarget named(String other) {
    label = other;
    return this;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<byte[]> seeds() {
    return seeds.get();
  }

  @Override
  public List<String> words() {
    return words;
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public long freeBytes() {
    return freeBytes;
  }

  /** Another share of the heap for each byte of input. */
  FileTarget withBytesPerByte(long bytes) {
    bytesPerByte = bytes;
    return this;
  }

  /** Another time for what is read. */
  FileTarget withReadMillis(long millis) {
    readMillis = millis;
    return this;
  }

  /** Read by a library that allocates outside Java. */
  FileTarget byForeignLibrary() {
    foreign = true;
    return this;
  }

  @Override
  public boolean isForeign() {
    return foreign;
  }

  /** How inputs are put right. */
  FileTarget repairedBy(UnaryOperator<byte[]> other) {
    repair = other;
    return this;
  }

  /** What the file holds for an input, if not the input. */
  FileTarget holding(UnaryOperator<byte[]> other) {
    content = other;
    return this;
  }

  @Override
  public byte[] repaired(byte[] input) {
    return repair.apply(input);
  }

  @Override
  public long readMillis() {
    return readMillis;
  }

  @Override
  public long bytesPerByte() {
    return bytesPerByte;
  }

  @Override
  public void read(byte[] input) throws Exception {
    Files.write(file, content.apply(input));
    reader.read(file);
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
