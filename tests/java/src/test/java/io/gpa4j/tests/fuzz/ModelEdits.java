package io.gpa4j.tests.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Well-formed GGUF files that say other things than they should: six bytes of input are one edit of a good file. What is behind the reader
 * of the format hardly ever sees what random bytes make of a file.
 */
final class ModelEdits {
  /** An edit of a number that leaves it as it is, and one that renames nothing. */
  static final byte[] SEED = {7, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0};
  private static final int BYTES = 6;
  private static final int MOST_ELEMENTS = 4096;
  private static final long[] NUMBERS = {0, 1, 2, 3, 4, 7, 8, 23, 24, 25, 31, 32, 33, 64, 256, 1000, 65_536, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL,
    1L << 32, 1L << 53, Long.MAX_VALUE, Long.MIN_VALUE, 0x7F80_0000L, 0x7FC0_0000L, 0xBF80_0000L, 0x3F80_0000L, 0x7FF0_0000_0000_0000L};
  // Elements and bytes of a block by the number of a type: those that models have, and some that they have not.
  private static final int[][] TYPES = {{0, 1, 4}, {1, 1, 2}, {30, 1, 2}, {8, 32, 34}, {2, 32, 18}, {20, 32, 18}, {12, 256, 144}, {13, 256, 176},
    {14, 256, 210}, {26, 1, 4}, {24, 1, 1}, {28, 1, 8}, {3, 32, 20}, {39, 32, 17}};

  // Bytes of a number of a type; 0: it is no number.
  private static final int[] SCALARS = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

  private final SmallModel model;
  private final List<String> names;

  private ModelEdits(SmallModel model) {
    this.model = model;
    this.names = new ArrayList<>(model.values().keySet());
  }

  /** An input that is a whole file, or the file of a model after edits. */
  static byte[] file(byte[] input, SmallModel model) {
    boolean whole = input.length >= 4 && input[0] == 'G' && input[1] == 'G' && input[2] == 'U' && input[3] == 'F';
    return whole ? input : edited(model, input);
  }

  private static byte[] edited(SmallModel model, byte[] input) {
    ModelEdits edits = new ModelEdits(model);
    for (int at = 0; at + BYTES <= input.length && at < 32 * BYTES; at += BYTES) {
      edits.edit(input[at] & 0xFF, input[at + 1] & 0xFF, input[at + 2] & 0xFF, input[at + 3] & 0xFF, input[at + 4] & 0xFF, input[at + 5] & 0xFF);
    }
    return model.bytes();
  }

  private void edit(int what, int which, int a, int b, int c, int d) {
    String key = names.get(which % names.size());
    switch (what % 8) {
      case 0 -> model.values().computeIfPresent(key, (k, value) -> d % 4 == 0 ? typed(a % SCALARS.length, NUMBERS[b % NUMBERS.length])
          : withNumber(value, a, NUMBERS[b % NUMBERS.length], 1 << c % 4));
      case 1 -> model.values().remove(key);
      case 2 -> {
        byte[] other = model.values().get(names.get(a % names.size()));
        model.values().put(a % 2 == 0 ? key : key + (char) ('a' + b % 26), other == null ? new Bytes().number(4, 4).number(b, 4).toArray() : other);
      }
      case 3 -> model.values().computeIfPresent(key, (k, value) -> withText(value, new String(new char[] {(char) a, (char) b, (char) c}).repeat(d % 9)));
      default -> editTensor(what, which % model.tensors().size(), a, b, c);
    }
  }

  private void editTensor(int what, int which, int a, int b, int c) {
    SmallModel.Tensor tensor = model.tensors().get(which);
    SmallModel.Tensor other = model.tensors().get(a % model.tensors().size());
    switch (what % 8) {
      case 4 -> {
        if (b % 2 == 0 && model.tensors().size() > 1) {
          model.tensors().remove(which);
        } else {
          model.tensors().add(new SmallModel.Tensor(other.name() + (char) ('a' + c % 26), tensor.type(), tensor.data(), tensor.shape()));
        }
      }
      case 5 -> {
        model.tensors().set(a % model.tensors().size(), new SmallModel.Tensor(tensor.name(), other.type(), other.data(), other.shape()));
        model.tensors().set(which, new SmallModel.Tensor(other.name(), tensor.type(), tensor.data(), tensor.shape()));
      }
      case 6 -> model.tensors().set(which, shaped(tensor, TYPES[a % TYPES.length], b, NUMBERS[c % NUMBERS.length]));
      default -> model.tensors().set(which, new SmallModel.Tensor(tensor.name(), tensor.type(), withNumber(tensor.data(), a, NUMBERS[b % NUMBERS.length], 4),
          tensor.shape()));
    }
  }

  /** Of another type, or with another extent, and as much data as that wants. */
  private static SmallModel.Tensor shaped(SmallModel.Tensor tensor, int[] type, int at, long extent) {
    long[] shape = tensor.shape().clone();
    if (at % 3 == 0) {
      shape = Arrays.copyOf(shape, 1 + at % 4);
      Arrays.setAll(shape, d -> d < tensor.shape().length ? tensor.shape()[d] : 1);
    } else if (at % 3 == 1) {
      shape[at % shape.length] = Math.floorMod(extent, 1L << 62);
    } else if (shape[shape.length - 1] % type[1] != 0) {
      shape[shape.length - 1] = type[1];
    }
    long elements = 1;
    for (long length : shape) {
      elements = length > MOST_ELEMENTS ? MOST_ELEMENTS + 1 : Math.min(MOST_ELEMENTS + 1, elements * length);
    }
    int blocks = elements > MOST_ELEMENTS ? 1 : (int) (elements / type[1]);
    return new SmallModel.Tensor(tensor.name(), type[0], Arrays.copyOf(tensor.data(), blocks * type[2]), shape);
  }

  private static byte[] withNumber(byte[] in, int at, long number, int bytes) {
    byte[] out = in.clone();
    // Behind the type of a value; a type that changes alone makes no value.
    for (int i = 0; i < bytes && out.length > 4; i++) {
      out[4 + (at / 4 * 4 + i) % (out.length - 4)] = (byte) (number >>> 8 * i);
    }
    return out;
  }

  private static byte[] typed(int type, long number) {
    double real = number;
    long bits = type == 6 ? Float.floatToIntBits((float) real) : type == 12 ? Double.doubleToLongBits(real) : type == 7 ? number & 1 : number;
    return SCALARS[type] == 0 ? new Bytes().number(8, 4).string("7").toArray() : new Bytes().number(type, 4).number(bits, SCALARS[type]).toArray();
  }

  private static byte[] withText(byte[] value, String text) {
    return value[0] == 8 ? new Bytes().number(8, 4).string(text).toArray() : new Bytes().number(9, 4).number(8, 4).number(2, 8).string(text).string("x").toArray();
  }
}
