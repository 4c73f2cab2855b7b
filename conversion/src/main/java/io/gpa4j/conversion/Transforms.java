package io.gpa4j.conversion;

import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.GgufStore;
import io.gpa4j.checkpoint.StoredTensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The ways in which tensors change on their way from a checkpoint to a model file. Sums are taken in double. */
final class Transforms {
  private static final ThreadLocal<List<float[]>> SCRATCH = ThreadLocal.withInitial(ArrayList::new);
  private static final ThreadLocal<ByteBuffer> COPIED = ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(Transform.BLOCK_ELEMENTS));

  private Transforms() {}

  /** The same elements in the same order. */
  static Transform copy(StoredTensor source) {
    long[] shape = source.shape();
    long row = shape.length == 0 ? 1 : shape[shape.length - 1];
    // Whole rows, as quantised types want them; no longer rows are quantised.
    long step = row > 0 && row <= Transform.BLOCK_ELEMENTS ? Transform.BLOCK_ELEMENTS / row * row : Transform.BLOCK_ELEMENTS;
    return new Transform() {
      @Override
      public long blocks() {
        return ceilDiv(source.elements(), step);
      }

      @Override
      public void run(long block, TensorSink sink) {
        long first = block * step;
        int count = (int) Math.min(step, source.elements() - first);
        float[] values = scratch(0, count);
        source.read(first, count, values, 0);
        sink.write(first, values, count);
      }
    };
  }

  /** The same bytes. */
  static Transform bytes(GgufStore store, String name) {
    long size = store.tensors().get(name).bytes();
    return new Transform() {
      @Override
      public long blocks() {
        return ceilDiv(size, Transform.BLOCK_ELEMENTS);
      }

      @Override
      public void run(long block, TensorSink sink) {
        long offset = block * Transform.BLOCK_ELEMENTS;
        ByteBuffer bytes = COPIED.get().clear().limit((int) Math.min(Transform.BLOCK_ELEMENTS, size - offset));
        store.read(name, offset, bytes);
        sink.copy(offset, bytes.flip());
      }
    };
  }

  /** A convolution: [out, in, taps] to [out, taps, in], row r times scale(r). */
  static Transform convolution(StoredTensor source, RowScale scale) {
    long[] shape = source.shape();
    int in = Math.toIntExact(shape[1]);
    int taps = Math.toIntExact(shape[2]);
    int row = Math.multiplyExact(in, taps);
    long rowsPerBlock = Math.max(1, Transform.BLOCK_ELEMENTS / row);
    return new Transform() {
      @Override
      public void prepare() {
        scale.prepare();
      }

      @Override
      public long blocks() {
        return ceilDiv(shape[0], rowsPerBlock);
      }

      @Override
      public void run(long block, TensorSink sink) {
        long first = block * rowsPerBlock;
        int rows = (int) Math.min(rowsPerBlock, shape[0] - first);
        float[] values = scratch(0, rows * row);
        float[] turned = scratch(1, rows * row);
        source.read(first * row, rows * row, values, 0);
        for (int r = 0; r < rows; r++) {
          for (int i = 0; i < in; i++) {
            for (int t = 0; t < taps; t++) {
              turned[r * row + t * in + i] = (float) (values[r * row + i * taps + t] * scale.of(first + r, t));
            }
          }
        }
        sink.write(first * row, turned, rows * row);
      }
    };
  }

  /** A depthwise convolution: [channels, 1, taps] to [taps, channels]. */
  static Transform depthwise(StoredTensor source) {
    long channels = source.shape()[0];
    int taps = Math.toIntExact(source.shape()[2]);
    int perBlock = Math.max(1, Transform.BLOCK_ELEMENTS / taps);
    return new Transform() {
      @Override
      public long blocks() {
        return ceilDiv(channels, perBlock);
      }

      @Override
      public void run(long block, TensorSink sink) {
        long first = block * perBlock;
        int count = (int) Math.min(perBlock, channels - first);
        float[] values = scratch(0, count * taps);
        float[] line = scratch(1, count);
        source.read(first * taps, count * taps, values, 0);
        for (int t = 0; t < taps; t++) {
          for (int c = 0; c < count; c++) {
            line[c] = values[c * taps + t];
          }
          sink.write(t * channels + first, line, count);
        }
      }
    };
  }

  /** A transposed convolution [in, out, taps] to its phases [stride * out, tapsPerPhase, in]; row i of the source times scale(i). */
  static Transform transposed(StoredTensor source, RowScale scale, int stride) {
    long[] shape = source.shape();
    int in = Math.toIntExact(shape[0]);
    int taps = Math.toIntExact(shape[2]);
    int perPhase = (taps + stride - 1) / stride;
    int outsPerBlock = (int) Math.max(1, Math.min(shape[1], 4L * Transform.BLOCK_ELEMENTS / Math.multiplyExact(in, taps)));
    return new Transform() {
      @Override
      public void prepare() {
        scale.prepare();
      }

      @Override
      public long blocks() {
        return ceilDiv(shape[1], outsPerBlock);
      }

      @Override
      public void run(long block, TensorSink sink) {
        long first = block * outsPerBlock;
        int outs = (int) Math.min(outsPerBlock, shape[1] - first);
        float[] line = scratch(0, outs * taps);
        int slice = Math.multiplyExact(outs * perPhase, in);
        float[][] phases = new float[stride][];
        for (int p = 0; p < stride; p++) {
          phases[p] = scratch(1 + p, slice);
          Arrays.fill(phases[p], 0, slice, 0);
        }
        for (int i = 0; i < in; i++) {
          source.read((i * shape[1] + first) * taps, outs * taps, line, 0);
          for (int o = 0; o < outs; o++) {
            for (int t = 0; t < taps; t++) {
              int tap = perPhase - 1 - t / stride;
              phases[t % stride][(o * perPhase + tap) * in + i] = (float) (line[o * taps + t] * scale.of(i, t));
            }
          }
        }
        for (int p = 0; p < stride; p++) {
          sink.write((p * shape[1] + first) * perPhase * in, phases[p], slice);
        }
      }
    };
  }

  /** BatchNorm as a factor: weight / sqrt(variance + eps). */
  static Transform batchNormScale(BatchNorm norm) {
    return norm.transform(true);
  }

  /** BatchNorm as a summand: bias - mean * factor. */
  static Transform batchNormShift(BatchNorm norm) {
    return norm.transform(false);
  }

  /** Statistics and affine part of a BatchNorm, all [channels]. Source: Ioffe and Szegedy 2015, algorithm 1 with fixed statistics. */
  record BatchNorm(StoredTensor weight, StoredTensor bias, StoredTensor mean, StoredTensor variance) {
    private static final double EPSILON = 1e-5;

    private Transform transform(boolean scale) {
      return new Transform() {
        @Override
        public long blocks() {
          return 1;
        }

        @Override
        public void run(long block, TensorSink sink) {
          float[] factor = all(weight);
          float[] spread = all(variance);
          float[] center = all(mean);
          float[] offset = all(bias);
          float[] values = new float[factor.length];
          for (int c = 0; c < values.length; c++) {
            if (spread[c] < 0) {
              throw new ModelFormatException(variance.file() + ": tensor '" + variance.name() + "' holds the negative variance "
                  + spread[c] + " at element " + c);
            }
            double exact = factor[c] / Math.sqrt(spread[c] + EPSILON);
            values[c] = (float) (scale ? exact : offset[c] - center[c] * exact);
          }
          sink.write(0, values, values.length);
        }
      };
    }
  }

  /** A factor per row of a tensor, or per tap. */
  interface RowScale {
    /** No scaling. */
    RowScale ONE = constant(1);

    /** The same factor everywhere. */
    static RowScale constant(double factor) {
      return (row, tap) -> factor;
    }

    default void prepare() {}

    double of(long row, int tap);
  }

  /** Weight norm over every axis but the first: g[row] / ||v[row]||. Source: Salimans and Kingma 2016, eq. 2. */
  static RowScale weightNormRows(StoredTensor magnitude, StoredTensor direction) {
    return new RowScale() {
      private double[] scale;

      @Override
      public void prepare() {
        int rows = Math.toIntExact(direction.shape()[0]);
        long length = direction.elements() / rows;
        scale = new double[rows];
        forEach(direction, (index, value) -> scale[(int) (index / length)] += (double) value * value);
        divide(magnitude, direction, scale);
      }

      @Override
      public double of(long row, int tap) {
        return scale[(int) row];
      }
    };
  }

  /** Weight norm over every axis but the last: g[tap] / ||v[.., tap]||. */
  static RowScale weightNormTaps(StoredTensor magnitude, StoredTensor direction) {
    return new RowScale() {
      private double[] scale;

      @Override
      public void prepare() {
        int taps = Math.toIntExact(direction.shape()[2]);
        scale = new double[taps];
        forEach(direction, (index, value) -> scale[(int) (index % taps)] += (double) value * value);
        divide(magnitude, direction, scale);
      }

      @Override
      public double of(long row, int tap) {
        return scale[tap];
      }
    };
  }

  private static void divide(StoredTensor magnitude, StoredTensor direction, double[] squares) {
    float[] g = all(magnitude);
    for (int i = 0; i < squares.length; i++) {
      if (squares[i] == 0) {
        throw new ModelFormatException(direction.file() + ": tensor '" + direction.name() + "' has length 0 in row " + i
            + "; weight norm cannot be folded");
      }
      squares[i] = g[i] / Math.sqrt(squares[i]);
    }
  }

  // Working memory that a thread uses again: blocks come by the thousand.
  private static float[] scratch(int slot, int size) {
    List<float[]> slots = SCRATCH.get();
    while (slots.size() <= slot) {
      slots.add(new float[0]);
    }
    if (slots.get(slot).length < size) {
      slots.set(slot, new float[size]);
    }
    return slots.get(slot);
  }

  private interface Visitor {
    void visit(long index, float value);
  }

  private static void forEach(StoredTensor tensor, Visitor visitor) {
    float[] values = scratch(0, Transform.BLOCK_ELEMENTS);
    for (long first = 0; first < tensor.elements(); first += Transform.BLOCK_ELEMENTS) {
      int count = (int) Math.min(Transform.BLOCK_ELEMENTS, tensor.elements() - first);
      tensor.read(first, count, values, 0);
      for (int i = 0; i < count; i++) {
        visitor.visit(first + i, values[i]);
      }
    }
  }

  static float[] all(StoredTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    tensor.read(0, values.length, values, 0);
    return values;
  }

  private static long ceilDiv(long a, long b) {
    return (a + b - 1) / b;
  }
}
