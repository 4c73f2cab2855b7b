package io.gpa4j.benchmark.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * An ONNX model while it is put together: every operation returns the name of its result. Field numbers are those of onnx.proto3.
 * Activations are [1, channels, frames] where convolutions take them, [1, frames, channels] elsewhere.
 */
final class OnnxGraph {
  private static final int IR_VERSION = 9;
  private static final int OPSET = 20;
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final int ATTRIBUTE_FLOAT = 1;
  private static final int ATTRIBUTE_INT = 2;
  private static final int ATTRIBUTE_INTS = 7;

  private final Protobuf graph = new Protobuf().text(2, "network");
  private int names;

  /** An input of 64-bit ints of one dimension of any length. */
  String ids(String name) {
    graph.message(11, value(name, INT64, -1));
    return name;
  }

  /** An input of floats of a fixed shape. */
  String floats(String name, long... shape) {
    graph.message(11, value(name, FLOAT, shape));
    return name;
  }

  /** Gives a result a name as an output. */
  void output(String result, String name, long... shape) {
    graph.message(1, new Protobuf().text(1, result).text(2, name).text(4, "Identity"));
    graph.message(12, value(name, FLOAT, shape));
  }

  /** A constant. */
  String constant(FloatBuffer values, long... shape) {
    ByteBuffer raw = ByteBuffer.allocate(Float.BYTES * values.remaining()).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    return initializer(FLOAT, raw.array(), shape);
  }

  /** A constant vector of 64-bit ints. */
  String integers(long... values) {
    ByteBuffer raw = ByteBuffer.allocate(Long.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asLongBuffer().put(values);
    return initializer(INT64, raw.array(), values.length);
  }

  private String initializer(int type, byte[] raw, long... shape) {
    Protobuf tensor = new Protobuf();
    for (long extent : shape) {
      tensor.number(1, extent);
    }
    String name = "w" + names++;
    graph.message(5, tensor.number(2, type).text(8, name).bytes(9, raw));
    return name;
  }

  /** The operation and its inputs. */
  String apply(String operation, String... inputs) {
    return apply(operation, new Protobuf[0], inputs);
  }

  String apply(String operation, Protobuf[] attributes, String... inputs) {
    Protobuf node = new Protobuf();
    for (String input : inputs) {
      node.text(1, input);
    }
    String result = "x" + names++;
    node.text(2, result).text(4, operation);
    for (Protobuf attribute : attributes) {
      node.message(5, attribute);
    }
    graph.message(1, node);
    return result;
  }

  static Protobuf attribute(String name, float value) {
    return new Protobuf().text(1, name).real(2, value).number(20, ATTRIBUTE_FLOAT);
  }

  static Protobuf attribute(String name, long value) {
    return new Protobuf().text(1, name).number(3, value).number(20, ATTRIBUTE_INT);
  }

  static Protobuf attribute(String name, long... values) {
    Protobuf attribute = new Protobuf().text(1, name);
    for (long value : values) {
      attribute.number(8, value);
    }
    return attribute.number(20, ATTRIBUTE_INTS);
  }

  // A negative extent is any length.
  private static Protobuf value(String name, int type, long... shape) {
    Protobuf extents = new Protobuf();
    for (long extent : shape) {
      extents.message(1, extent < 0 ? new Protobuf().text(2, "n") : new Protobuf().number(1, extent));
    }
    return new Protobuf().text(1, name).message(2, new Protobuf().message(1, new Protobuf().number(1, type).message(2, extents)));
  }

  /** The whole model. */
  byte[] toBytes() {
    return new Protobuf().number(1, IR_VERSION).text(2, "gpa4j").message(7, graph)
        .message(8, new Protobuf().text(1, "").number(2, OPSET)).toBytes();
  }
}
