package io.gpa4j.tests.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Pickles of tensors and the zips around them, as torch.save writes both. */
final class Pickles {
  /** Storages of 16 bytes that the pickles refer to. */
  static final List<String> STORAGES = List.of("0", "1", "2");

  private Pickles() {}

  static List<byte[]> seeds() {
    return List.of(stateDict(2), stateDict(4), emptyDict(), oldest());
  }

  /** Opcodes and names. */
  static List<String> words() {
    return List.of("(", ")", "]", "}", "t", "R", "Q", "u", "s", "a", "e", "b", "0", "2", "1", "l", "d", ".", "q\0", "h\0", "r\0\0\0\0", "j\0\0\0\0",
        "K\1", "M\1\0", "J\1\0\0\0", "N", "ctorch\nFloatStorage\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ccollections\nOrderedDict\n",
        "ctorch._utils\n_rebuild_parameter\n", "cos\nsystem\n", "X\1\0\0\0a", "(lp0\n", "]q\0(h\0h\0e", "I1\n", "L999999999999L\n", "F1.5\n", "S'a'\n",
        "Va\n", "\u0080\2", "P0\n", "(J\1\0\0\0t", "}q\1h\1h\1s", "}]]a]s");
  }

  private static byte[] stateDict(int protocol) {
    Bytes out = new Bytes().raw((byte) 0x80, (byte) protocol);
    global(out, "collections", "OrderedDict").text(")Rq").number(0, 1).text("(");
    tensor(out, "a.weight", "FloatStorage", "0", 2, 2);
    tensor(out, "b.weight", "HalfStorage", "1", 8, 1);
    tensor(out, "c.weight", "BFloat16Storage", "2", 4, 2);
    out.text("u}");
    name(out, "_metadata");
    global(out, "collections", "OrderedDict").text(")R");
    return out.text("sb.").toArray();
  }

  private static byte[] emptyDict() {
    return new Bytes().raw((byte) 0x80, (byte) 2).text("}q").number(0, 1).text(".").toArray();
  }

  private static byte[] oldest() {
    Bytes out = new Bytes().text("ccollections\nOrderedDict\n((l(S'a'\nN");
    return out.text("l").text("atR.").toArray();
  }

  private static void tensor(Bytes out, String name, String storage, String key, int rows, int columns) {
    name(out, name);
    global(out, "torch._utils", "_rebuild_tensor_v2").text("((");
    name(out, "storage");
    global(out, "torch", storage);
    name(out, key);
    name(out, "cpu");
    out.text("K").number(rows * columns, 1).text("tQK").number(0, 1);
    out.text("K").number(rows, 1).text("K").number(columns, 1).raw((byte) 0x86);
    out.text("K").number(columns, 1).text("K").number(1, 1).raw((byte) 0x86);
    out.raw((byte) 0x89);
    global(out, "collections", "OrderedDict").text(")RtR");
  }

  private static Bytes global(Bytes out, String module, String name) {
    return out.text("c" + module + "\n" + name + "\n");
  }

  private static void name(Bytes out, String text) {
    out.text("X").number(Target.utf8(text).length, 4).text(text);
  }

  /** A zip of the pickle and the storages. */
  static byte[] zip(byte[] pickle) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      put(zip, "archive/data.pkl", pickle);
      put(zip, "archive/byteorder", Target.utf8("little"));
      for (String key : STORAGES) {
        put(zip, "archive/data/" + key, new byte[16]);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** A zip whose entries are compressed. */
  static byte[] compressed(Map<String, byte[]> entries) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
