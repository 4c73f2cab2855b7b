package io.gpa4j.checkpoint;

import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** A file of {@code torch.save}: a zip with a pickle of tensors and one entry of raw data per storage. */
public final class TorchFile implements TensorStore {
  private static final long MAX_PICKLE_BYTES = 16L << 20;
  private static final Pattern PICKLE = Pattern.compile("[^/]+/data\\.pkl");
  private static final int BUFFER_BYTES = 1 << 18;
  private static final ThreadLocal<byte[]> BUFFERS = ThreadLocal.withInitial(() -> new byte[BUFFER_BYTES]);
  private static final ThreadLocal<ByteBuffer> DIRECT =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN));
  private static final long MAX_GATHER_ELEMENTS = 64L << 20;

  private final Path path;
  private final long length;
  private final ZipFile zip;
  private final String top;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

  private TorchFile(Path path, long length, ZipFile zip, String top) {
    this.path = path;
    this.length = length;
    this.zip = zip;
    this.top = top;
  }

  /**
   * Opens one; its pickle may name no class beyond those that a dictionary of tensors needs.
   *
   * @throws GpaIoException if it cannot be read
   * @throws ModelFormatException if it is not well-formed, or names another class
   */
  public static TorchFile open(Path path) {
    ZipFile zip;
    try {
      zip = new ZipFile(path.toFile());
    } catch (ZipException e) {
      throw new ModelFormatException(path + ": no zip as torch.save writes it (files of PyTorch before 1.6 must be saved anew): "
          + e.getMessage(), e);
    } catch (IOException e) {
      throw new GpaIoException(path + ": cannot be read: " + e, e);
    }
    boolean opened = false;
    try {
      ZipEntry pickle = zip.stream().filter(entry -> PICKLE.matcher(entry.getName()).matches()).findFirst()
          .orElseThrow(() -> new ModelFormatException(path + ": holds no data.pkl; it is no file of torch.save"));
      String top = pickle.getName().substring(0, pickle.getName().length() - "data.pkl".length());
      TorchFile file = new TorchFile(path, path.toFile().length(), zip, top);
      file.checkByteOrder();
      file.readTensors(pickle);
      opened = true;
      return file;
    } catch (IllegalArgumentException e) {
      // Names and comments are decoded when an entry is asked for.
      throw new ModelFormatException(path + ": the zip's directory is damaged: " + e.getMessage(), e);
    } finally {
      if (!opened) {
        closeQuietly(zip);
      }
    }
  }

  @Override
  public String label() {
    return path.toString();
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public void close() {
    closeQuietly(zip);
  }

  private static void closeQuietly(ZipFile zip) {
    try {
      zip.close();
    } catch (IOException e) {
      // It was only read.
    }
  }

  // What the zip's directory says of an entry is only a claim: data that is stored as it is can be no larger than the file.
  private void checkStored(ZipEntry entry) {
    if (entry.getMethod() != ZipEntry.STORED) {
      throw new ModelFormatException(path + ": entry '" + entry.getName() + "' is compressed; torch.save stores data as it is");
    }
    if (entry.getSize() < 0 || entry.getSize() > length || entry.getSize() != entry.getCompressedSize()) {
      throw new ModelFormatException(path + ": entry '" + entry.getName() + "' claims " + entry.getSize() + " bytes of a file of " + length);
    }
  }

  private byte[] content(ZipEntry entry, long max) {
    checkStored(entry);
    if (entry.getSize() > max) {
      throw new ModelFormatException(path + ": entry '" + entry.getName() + "' of " + entry.getSize() + " bytes; at most " + max + " are expected");
    }
    try (InputStream in = zip.getInputStream(entry)) {
      byte[] bytes = in.readNBytes((int) entry.getSize());
      if (bytes.length != entry.getSize()) {
        throw new ModelFormatException(path + ": entry '" + entry.getName() + "' is cut off");
      }
      return bytes;
    } catch (ZipException | EOFException e) {
      throw new ModelFormatException(path + ": entry '" + entry.getName() + "' is damaged: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new GpaIoException(path + ": cannot be read: " + e, e);
    }
  }

  private void checkByteOrder() {
    ZipEntry entry = zip.getEntry(top + "byteorder");
    if (entry != null && !new String(content(entry, 64), StandardCharsets.US_ASCII).strip().equals("little")) {
      throw new ModelFormatException(path + ": its numbers are not little-endian; save it on a little-endian machine");
    }
  }

  private void readTensors(ZipEntry pickle) {
    Object root = new TensorPickle(path.toString()).load(content(pickle, MAX_PICKLE_BYTES));
    if (!(root instanceof Map<?, ?> map)) {
      throw new ModelFormatException(path + ": its pickle holds no dictionary of tensors");
    }
    map.forEach((name, value) -> {
      if (name instanceof String key && value instanceof TensorPickle.Tensor tensor) {
        tensors.put(key, place(key, tensor));
      }
    });
  }

  private StoredTensor place(String name, TensorPickle.Tensor tensor) {
    TensorPickle.Storage storage = tensor.storage();
    String entryName = top + "data/" + storage.key();
    ZipEntry entry = zip.getEntry(entryName);
    if (entry == null) {
      throw new ModelFormatException(path + ": tensor '" + name + "': its data '" + entryName + "' is missing");
    }
    checkStored(entry);
    long held = entry.getSize() / storage.type().blockBytes();
    long last = tensor.offset();
    long elements;
    boolean empty = false;
    try {
      for (int d = 0; d < tensor.shape().length; d++) {
        empty |= tensor.shape()[d] == 0;
        if (tensor.shape()[d] > 0) {
          last = Math.addExact(last, Math.multiplyExact(tensor.shape()[d] - 1, tensor.strides()[d]));
        }
      }
      elements = StoredTensor.elements(tensor.shape());
    } catch (ArithmeticException e) {
      throw new ModelFormatException(path + ": tensor '" + name + "': its shape, strides or offset overflow", e);
    }
    if (!empty && last >= held) {
      throw new ModelFormatException(path + ": tensor '" + name + "': shape, strides and offset reach element " + last
          + " of a storage of " + held);
    }
    if (elements > held) {
      throw new ModelFormatException(path + ": tensor '" + name + "' repeats a storage of " + held + " elements to " + elements);
    }
    return new Entry(name, tensor, entry);
  }

  private final class Entry extends StoredTensor {
    private final TensorPickle.Tensor tensor;
    private final ZipEntry entry;
    private float[] storage;

    Entry(String name, TensorPickle.Tensor tensor, ZipEntry entry) {
      super(path.toString(), name, tensor.storage().type(), tensor.shape());
      this.tensor = tensor;
      this.entry = entry;
    }

    @Override
    protected void fetch(long first, int count, float[] into, int at) {
      if (tensor.isContiguous()) {
        fetchStorage(tensor.offset() + first, count, into, at);
      } else {
        gather(first, count, into, at);
      }
    }

    private void fetchStorage(long first, int count, float[] into, int at) {
      byte[] bytes = BUFFERS.get();
      ByteBuffer direct = DIRECT.get();
      try (DataInputStream in = new DataInputStream(zip.getInputStream(entry))) {
        in.skipNBytes(type().bytes(first));
        int step = bytes.length / type().blockBytes();
        for (int done = 0; done < count; done += step) {
          int now = Math.min(step, count - done);
          int size = Math.toIntExact(type().bytes(now));
          in.readFully(bytes, 0, size);
          type().decode(direct.clear().put(bytes, 0, size).flip(), into, at + done, now);
        }
      } catch (EOFException | ZipException e) {
        throw new ModelFormatException(path + ": tensor '" + name() + "' is cut off", e);
      } catch (IOException e) {
        throw new GpaIoException(path + ": cannot be read: " + e, e);
      }
    }

    // Strided views are rare and small; their storage is read once and its elements picked.
    private synchronized void gather(long first, int count, float[] into, int at) {
      if (storage == null) {
        storage = readStorage();
      }
      long[] shape = shape();
      for (int i = 0; i < count; i++) {
        long rest = first + i;
        long position = tensor.offset();
        for (int d = shape.length - 1; d >= 0; d--) {
          position += rest % shape[d] * tensor.strides()[d];
          rest /= shape[d];
        }
        into[at + i] = storage[(int) position];
      }
    }

    private float[] readStorage() {
      long held = entry.getSize() / type().blockBytes();
      if (held > MAX_GATHER_ELEMENTS) {
        throw new ModelFormatException(path + ": tensor '" + name() + "' is a strided view of " + held
            + " elements; make it contiguous before saving");
      }
      float[] all = new float[(int) held];
      fetchStorage(0, all.length, all, 0);
      return all;
    }
  }
}
