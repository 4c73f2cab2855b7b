package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.GgufStore;
import io.gpa4j.checkpoint.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * How much an error in each column of a weight matters: the mean of the squared activations that it meets. Read from a GGUF file with,
 * for a weight {@code T}, a tensor {@code T.in_sum2} (F32, its columns in all) of sums of squares and {@code T.counts} (F32, one element)
 * of how many were summed; llama.cpp's {@code imatrix} files are such, with the decoder's tensors named without {@code decoder.}.
 * Thread-safe.
 */
public final class Importance {
  private static final String SUMS = ".in_sum2";
  private static final String COUNTS = ".counts";
  private static final String DECODER = "decoder.";
  // A hundred times what any weight has.
  private static final int MOST_COLUMNS = 1 << 24;

  private final Path path;
  private final Map<String, ByteBuffer> weights = new HashMap<>();

  private Importance(Path path) {
    this.path = path;
  }

  /**
   * Reads a file.
   *
   * @throws io.gpa4j.GpaIoException if it cannot be read
   * @throws ModelFormatException if it is not well-formed, or its numbers are no means of squares
   */
  public static Importance read(Path path) {
    Importance importance = new Importance(path);
    try (GgufStore store = GgufStore.open(path)) {
      store.tensors().forEach((name, tensor) -> {
        if (name.endsWith(SUMS)) {
          String weight = name.substring(0, name.length() - SUMS.length());
          importance.weights.put(weight, means(tensor, count(store, weight)));
        }
      });
    }
    if (importance.weights.isEmpty()) {
      throw new ModelFormatException(path + ": holds no tensor *" + SUMS + ", so it says nothing of importance");
    }
    return importance;
  }

  private static double count(GgufStore store, String weight) {
    StoredTensor counts = store.tensors().get(weight + COUNTS);
    if (counts == null || counts.elements() != 1) {
      throw new ModelFormatException(store.label() + ": tensor '" + weight + COUNTS + "' is missing, or has more than one element");
    }
    float count = Transforms.all(counts)[0];
    if (!(count > 0)) {
      throw new ModelFormatException(store.label() + ": tensor '" + weight + COUNTS + "' holds " + count + ", expected more than 0");
    }
    return count;
  }

  private static ByteBuffer means(StoredTensor sums, double count) {
    if (sums.elements() > MOST_COLUMNS) {
      throw new ModelFormatException(sums.file() + ": tensor '" + sums.name() + "' has " + sums.elements() + " elements, expected at most "
          + MOST_COLUMNS);
    }
    float[] values = Transforms.all(sums);
    ByteBuffer means = ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      if (values[i] < 0) {
        throw new ModelFormatException(sums.file() + ": tensor '" + sums.name() + "' holds " + values[i] + " at element " + i
            + ", expected 0 or more");
      }
      float mean = (float) (values[i] / count);
      if (!Float.isFinite(mean)) {
        throw new ModelFormatException(sums.file() + ": tensor '" + sums.name() + "' holds " + values[i] + " at element " + i
            + ", which is too much for a count of " + count);
      }
      means.putFloat(mean);
    }
    return means.flip();
  }

  /**
   * Of the columns of a tensor, as {@link ElementType#quantize} takes it.
   *
   * @return null if the file says nothing of it
   * @throws ModelFormatException if it has another number of columns
   */
  ByteBuffer of(String tensor, long columns) {
    ByteBuffer found = weights.get(weights.containsKey(tensor) ? tensor : bare(tensor));
    if (found == null) {
      return null;
    }
    if (found.remaining() != columns * Float.BYTES) {
      throw new ModelFormatException(path + ": tensor '" + tensor + SUMS + "' has " + found.remaining() / Float.BYTES
          + " elements, the weight has rows of " + columns);
    }
    return found.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static String bare(String tensor) {
    return tensor.startsWith(DECODER) ? tensor.substring(DECODER.length()) : tensor;
  }

  /** The file. */
  public Path path() {
    return path;
  }
}
