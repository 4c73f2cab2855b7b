package io.gpa4j.conversion;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes pickles of protocol 2 as torch.save does, opcode by opcode; wrong ones too. */
final class TorchPickle {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  TorchPickle() {
    out.writeBytes(new byte[] {(byte) 0x80, 2});
  }

  TorchPickle op(char opcode) {
    out.write(opcode);
    return this;
  }

  TorchPickle global(String module, String name) {
    out.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  /** Remembers the top of the stack under a number below 256. */
  TorchPickle put(int number) {
    out.write('q');
    out.write(number);
    return this;
  }

  /** Takes what was remembered. */
  TorchPickle get(int number) {
    out.write('h');
    out.write(number);
    return this;
  }

  TorchPickle text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeBytes(ByteBuffer.allocate(5).order(ByteOrder.LITTLE_ENDIAN).put((byte) 'X').putInt(bytes.length).array());
    out.writeBytes(bytes);
    return this;
  }

  TorchPickle number(int value) {
    out.writeBytes(ByteBuffer.allocate(5).order(ByteOrder.LITTLE_ENDIAN).put((byte) 'J').putInt(value).array());
    return this;
  }

  TorchPickle tuple(int... values) {
    op('(');
    for (int value : values) {
      number(value);
    }
    return op('t');
  }

  /** An OrderedDict with a _metadata, open for items. */
  TorchPickle openDict() {
    return global("collections", "OrderedDict").op(')').op('R').op('(');
  }

  TorchPickle item(String name, String storageClass, String key, int offset, int[] shape, int[] strides) {
    text(name).global("torch._utils", "_rebuild_tensor_v2").op('(');
    op('(').text("storage").global("torch", storageClass).text(key).text("cpu").number(1 << 20).op('t').op('Q');
    number(offset).tuple(shape).tuple(strides);
    out.write(0x89);
    return global("collections", "OrderedDict").op(')').op('R').op('t').op('R');
  }

  TorchPickle closeDict() {
    return op('u').op('}').text("_metadata").global("collections", "OrderedDict").op(')').op('R').op('s').op('b');
  }

  byte[] end() {
    return op('.').out.toByteArray();
  }
}
