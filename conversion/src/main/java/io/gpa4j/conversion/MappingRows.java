package io.gpa4j.conversion;

import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.checkpoint.TensorStore;
import io.gpa4j.conversion.Transforms.BatchNorm;
import io.gpa4j.conversion.Transforms.RowScale;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.stream.LongStream;

/**
 * Collects the mapping of one network. Names are relative to a place in the checkpoint and one in the model file; every source is looked
 * up and its shape checked when its row is added. Shapes are those of the checkpoint.
 */
final class MappingRows {
  private static final long MAX_ROW_ELEMENTS = 1L << 26;

  private final TensorStore store;
  private final NavigableSet<String> names;
  private final String source;
  private final String target;
  private final List<Mapping> rows;

  private MappingRows(TensorStore store, NavigableSet<String> names, String source, String target, List<Mapping> rows) {
    this.store = store;
    this.names = names;
    this.source = source;
    this.target = target;
    this.rows = rows;
  }

  /** Rows below the first of the source prefixes under which the store has the probe's name. */
  static MappingRows of(TensorStore store, String target, String probe, List<String> prefixes) {
    String prefix = prefixes.stream().filter(p -> store.tensors().containsKey(p + probe)).findFirst().orElse(prefixes.get(0));
    return new MappingRows(store, new TreeSet<>(store.tensors().keySet()), prefix, target, new ArrayList<>());
  }

  /** The rows below other places, into the same list. */
  MappingRows at(String sourcePlace, String targetPlace) {
    return new MappingRows(store, names, source + sourcePlace + ".", target + targetPlace + ".", rows);
  }

  List<Mapping> rows() {
    return rows;
  }

  /** Whether the checkpoint has such a tensor. */
  private boolean has(String name) {
    return store.tensors().containsKey(source + name);
  }

  /** Number of consecutive places place.0, place.1, … at which the checkpoint has any tensor. */
  int count(String place) {
    int count = 0;
    while (hasBelow(source + place + "." + count + ".")) {
      count++;
    }
    return count;
  }

  private boolean hasBelow(String prefix) {
    String next = names.ceiling(prefix);
    return next != null && next.startsWith(prefix);
  }

  /** Extent of a tensor that must have the rank, a multiple of something: for widths that no configuration holds. */
  long extent(String name, int rank, int axis, int multipleOf) {
    StoredTensor tensor = find(name, null);
    if (tensor.shape().length != rank) {
      throw misshapen(tensor, "rank " + rank);
    }
    long extent = tensor.shape()[axis];
    if (extent < 1 || extent % multipleOf != 0) {
      throw misshapen(tensor, "a positive multiple of " + multipleOf + " on axis " + axis);
    }
    return extent;
  }

  /** A tensor as it is. */
  MappingRows table(String from, String to, long... shape) {
    return add(from, to, shape, find(from, shape));
  }

  /** A vector whose source carries extra axes of 1, as Snake's alpha does. */
  MappingRows channels(String from, String to, long count) {
    StoredTensor tensor = find(from, new long[] {1, count, 1});
    return add(from, to, new long[] {count}, tensor);
  }

  /** A weight matrix. */
  MappingRows matrix(String from, String to, long out, long in) {
    return table(from + ".weight", to + ".weight", out, in);
  }

  /** A weight matrix with its bias. */
  MappingRows linear(String from, String to, long out, long in) {
    return matrix(from, to, out, in).table(from + ".bias", to + ".bias", out);
  }

  /** Scale and shift of a LayerNorm. */
  MappingRows norm(String from, String to, long count) {
    return table(from + ".weight", to + ".weight", count).table(from + ".bias", to + ".bias", count);
  }

  /** A convolution with its bias; its weight times a factor. */
  MappingRows conv(String from, String to, long out, long in, long taps, double factor) {
    StoredTensor weight = row(find(from + ".weight", new long[] {out, in, taps}));
    Transform transform = Transforms.convolution(weight, RowScale.constant(factor));
    rows.add(new Mapping(List.of(weight.name()), target + to + ".weight", List.of(out, taps, in), transform));
    return table(from + ".bias", to + ".bias", out);
  }

  /** A convolution with its bias. */
  MappingRows conv(String from, String to, long out, long in, long taps) {
    return conv(from, to, out, in, taps, 1);
  }

  /** A depthwise convolution with its bias. */
  MappingRows depthwise(String from, String to, long channels, long taps) {
    StoredTensor weight = find(from + ".weight", new long[] {channels, 1, taps});
    rows.add(new Mapping(List.of(weight.name()), target + to + ".weight", List.of(taps, channels), Transforms.depthwise(weight)));
    return table(from + ".bias", to + ".bias", channels);
  }

  /** A weight-normalised convolution, folded, with its bias. */
  MappingRows normedConv(String from, String to, long out, long in, long taps) {
    WeightNorm norm = weightNorm(from, new long[] {out, in, taps}, 0);
    rows.add(new Mapping(norm.names(), target + to + ".weight", List.of(out, taps, in),
        Transforms.convolution(row(norm.direction), norm.scale)));
    return table(from + ".bias", to + ".bias", out);
  }

  /** A weight-normalised convolution of one tap, folded to a matrix, with its bias. */
  MappingRows normedPoint(String from, String to, long out, long in) {
    WeightNorm norm = weightNorm(from, new long[] {out, in, 1}, 0);
    rows.add(new Mapping(norm.names(), target + to + ".weight", List.of(out, in), Transforms.convolution(row(norm.direction), norm.scale)));
    return table(from + ".bias", to + ".bias", out);
  }

  /** wav2vec2's positional convolution, whose norm goes over all axes but the taps. */
  MappingRows positionalConv(String from, String to, long out, long in, long taps) {
    WeightNorm norm = weightNorm(from, new long[] {out, in, taps}, 2);
    rows.add(new Mapping(norm.names(), target + to + ".weight", List.of(out, taps, in),
        Transforms.convolution(row(norm.direction), norm.scale)));
    return table(from + ".bias", to + ".bias", out);
  }

  /** A weight-normalised transposed convolution, folded and split in phases, with its bias. */
  MappingRows transposedConv(String from, String to, long in, long out, int taps, int stride) {
    WeightNorm norm = weightNorm(from, new long[] {in, out, taps}, 0);
    row(norm.direction);
    long perPhase = (taps + stride - 1) / stride;
    rows.add(new Mapping(norm.names(), target + to + ".weight", List.of(stride * out, perPhase, in),
        Transforms.transposed(norm.direction, norm.scale, stride)));
    return table(from + ".bias", to + ".bias", out);
  }

  /** A BatchNorm with fixed statistics, as scale and shift. */
  MappingRows batchNorm(String from, String to, long count) {
    long[] shape = {count};
    BatchNorm norm = new BatchNorm(find(from + ".weight", shape), find(from + ".bias", shape),
        find(from + ".running_mean", shape), find(from + ".running_var", shape));
    List<String> used = List.of(norm.weight().name(), norm.bias().name(), norm.mean().name(), norm.variance().name());
    rows.add(new Mapping(used, target + to + ".scale", List.of(count), Transforms.batchNormScale(norm)));
    rows.add(new Mapping(used, target + to + ".shift", List.of(count), Transforms.batchNormShift(norm)));
    return this;
  }

  private record WeightNorm(StoredTensor magnitude, StoredTensor direction, RowScale scale) {
    List<String> names() {
      return magnitude == null ? List.of(direction.name()) : List.of(magnitude.name(), direction.name());
    }
  }

  // The three ways in which PyTorch stores a layer with weight norm: old names, parametrizations, and folded already.
  private WeightNorm weightNorm(String from, long[] shape, int axis) {
    String magnitude = from + ".weight_g";
    String direction = from + ".weight_v";
    if (hasBelow(source + from + ".parametrizations.weight.")) {
      magnitude = from + ".parametrizations.weight.original0";
      direction = from + ".parametrizations.weight.original1";
    } else if (!has(direction) && has(from + ".weight")) {
      return new WeightNorm(null, find(from + ".weight", shape), RowScale.ONE);
    }
    long[] magnitudeShape = LongStream.range(0, shape.length).map(d -> d == axis ? shape[axis] : 1).toArray();
    StoredTensor g = find(magnitude, magnitudeShape);
    StoredTensor v = find(direction, shape);
    return new WeightNorm(g, v, axis == 0 ? Transforms.weightNormRows(g, v) : Transforms.weightNormTaps(g, v));
  }

  private MappingRows add(String from, String to, long[] shape, StoredTensor tensor) {
    rows.add(new Mapping(List.of(source + from), target + to, Arrays.stream(shape).boxed().toList(), Transforms.copy(tensor)));
    return this;
  }

  private StoredTensor find(String name, long[] shape) {
    StoredTensor tensor = store.tensors().get(source + name);
    if (tensor == null) {
      String expected = shape == null ? "" : ", expected with shape " + Arrays.toString(shape);
      throw new ModelFormatException(store.label() + ": tensor '" + source + name + "' is missing" + expected);
    }
    if (!tensor.type().isFloating()) {
      throw new ModelFormatException(tensor.file() + ": tensor '" + tensor.name() + "' has type " + tensor.type() + ", expected a floating type");
    }
    if (shape != null && !Arrays.equals(shape, tensor.shape())) {
      throw misshapen(tensor, Arrays.toString(shape));
    }
    return tensor;
  }

  private static StoredTensor row(StoredTensor tensor) {
    if (tensor.elements() / tensor.shape()[0] > MAX_ROW_ELEMENTS) {
      throw misshapen(tensor, "rows of at most " + MAX_ROW_ELEMENTS + " elements");
    }
    return tensor;
  }

  private static ModelFormatException misshapen(StoredTensor tensor, String expected) {
    return new ModelFormatException(tensor.file() + ": tensor '" + tensor.name() + "' has shape " + Arrays.toString(tensor.shape())
        + ", expected " + expected);
  }
}
