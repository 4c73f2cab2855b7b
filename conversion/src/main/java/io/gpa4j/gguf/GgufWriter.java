package io.gpa4j.gguf;

import io.gpa4j.CancelledException;
import io.gpa4j.GpaIoException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a GGUF v3 file whose tensors are known beforehand and whose data comes in any order, from any thread. The file is written
 * beside its place and takes it in {@link #commit()}, whole and forced to disk; {@link #close()} before that leaves nothing. What a
 * killed process left beside the same place is removed.
 * Source: the GGUF description of the ggml project.
 */
public final class GgufWriter implements AutoCloseable {
  /** Alignment of tensor data in bytes, in model files. */
  public static final int ALIGNMENT = 64;
  /** GGUF's own alignment, for files of others: some tools keep the key of another one, but not the alignment. */
  public static final int DEFAULT_ALIGNMENT = 32;

  private static final int MAGIC = 0x46554747;
  private static final int VERSION = 3;

  private final Path target;
  private final TemporaryFile file;
  private final List<GgufTensor> tensors;
  private final long[] positions;
  private final long size;

  private GgufWriter(Path target, TemporaryFile file, List<GgufTensor> tensors, long[] positions, long size) {
    this.target = target;
    this.file = file;
    this.tensors = tensors;
    this.positions = positions;
    this.size = size;
  }

  /**
   * Begins a model file, its data aligned to {@link #ALIGNMENT}.
   *
   * @param path where the file will stand
   * @param metadata what it says of itself; general.alignment is added to it
   * @param tensors in the order in which they will lie
   * @throws GpaIoException if the folder cannot be written, or has too little space
   */
  public static GgufWriter create(Path path, GgufMetadata metadata, List<GgufTensor> tensors) {
    return create(path, metadata.u32("general.alignment", ALIGNMENT), tensors, ALIGNMENT);
  }

  /** Begins a file whose data is aligned to {@link #DEFAULT_ALIGNMENT}, and whose metadata does not speak of it. */
  public static GgufWriter createDefaultAligned(Path path, GgufMetadata metadata, List<GgufTensor> tensors) {
    return create(path, metadata, tensors, DEFAULT_ALIGNMENT);
  }

  private static GgufWriter create(Path path, GgufMetadata metadata, List<GgufTensor> tensors, int alignment) {
    Path target = path.toAbsolutePath();
    long[] offsets = new long[tensors.size()];
    long data = 0;
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = data;
      data = Math.addExact(data, align(tensors.get(i).bytes(), alignment));
    }
    byte[] header = header(metadata, tensors, offsets);
    long begin = align(header.length, alignment);
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] += begin;
    }
    long size = begin + data;
    TemporaryFile file = null;
    GgufWriter writer = null;
    try {
      requireSpace(target, size);
      file = TemporaryFile.create(target);
      GgufWriter begun = new GgufWriter(target, file, List.copyOf(tensors), offsets, size);
      begun.writeAt(ByteBuffer.wrap(header), 0);
      begun.writeAt(ByteBuffer.wrap(new byte[1]), size - 1);
      writer = begun;
      return writer;
    } catch (ClosedByInterruptException e) {
      throw new CancelledException(path + ": writing was interrupted");
    } catch (IOException e) {
      throw failed(path, e);
    } finally {
      if (writer == null && file != null) {
        file.close();
      }
    }
  }

  /** Bytes of the finished file. */
  public long size() {
    return size;
  }

  /** Writes bytes of the index-th tensor, from its byte offset on. Thread-safe. */
  public void write(int index, long offset, ByteBuffer bytes) {
    if (offset < 0 || offset > tensors.get(index).bytes() - bytes.remaining()) {
      throw new IndexOutOfBoundsException(tensors.get(index).name() + ": " + bytes.remaining() + " bytes at " + offset);
    }
    writeAt(bytes, positions[index] + offset);
  }

  /** Forces the file to disk and puts it in its place, replacing what was there. */
  public void commit() {
    try {
      file.moveToTarget();
    } catch (ClosedByInterruptException e) {
      throw new CancelledException(target + ": writing was interrupted");
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  @Override
  public void close() {
    file.close();
  }

  private void writeAt(ByteBuffer bytes, long position) {
    try {
      long next = position;
      while (bytes.hasRemaining()) {
        next += file.channel().write(bytes, next);
      }
    } catch (ClosedByInterruptException e) {
      throw new CancelledException(target + ": writing was interrupted");
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  private static GpaIoException failed(Path path, IOException e) {
    // The temporary file's name would say nothing.
    String reason = e instanceof AccessDeniedException ? "permission denied"
        : e instanceof FileSystemException file ? file.getReason() : e.getMessage();
    return new GpaIoException(path + ": cannot be written: " + (reason == null ? e : reason), e);
  }

  private static void requireSpace(Path target, long size) throws IOException {
    Path folder = target.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new GpaIoException(target + ": cannot be written: there is no folder " + folder);
    }
    if (Files.isDirectory(target)) {
      throw new GpaIoException(target + ": cannot be written: it is a folder");
    }
    TemporaryFile.removeAbandoned(target);
    long usable = Files.getFileStore(folder).getUsableSpace();
    if (usable < size) {
      throw new GpaIoException(target + ": needs " + size + " bytes, its disk has " + usable + " left");
    }
  }

  private static byte[] header(GgufMetadata metadata, List<GgufTensor> tensors, long[] offsets) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN)
        .putInt(MAGIC).putInt(VERSION).putLong(tensors.size()).putLong(metadata.size()).array());
    metadata.encode(out);
    for (int i = 0; i < offsets.length; i++) {
      GgufTensor tensor = tensors.get(i);
      List<Long> shape = tensor.shape();
      out.writeBytes(GgufMetadata.lengthAndBytes(tensor.name().getBytes(StandardCharsets.UTF_8)));
      ByteBuffer info = ByteBuffer.allocate(16 + 8 * shape.size()).order(ByteOrder.LITTLE_ENDIAN).putInt(shape.size());
      for (int d = shape.size() - 1; d >= 0; d--) {
        info.putLong(shape.get(d));
      }
      out.writeBytes(info.putInt(tensor.type().id()).putLong(offsets[i]).array());
    }
    return out.toByteArray();
  }

  private static long align(long bytes, int alignment) {
    return Math.addExact(bytes, alignment - 1) / alignment * alignment;
  }
}
