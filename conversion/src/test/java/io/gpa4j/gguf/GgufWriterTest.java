package io.gpa4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.ElementType;
import io.gpa4j.ModelFile;
import io.gpa4j.UnsupportedModelException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufWriterTest {
  private static final List<GgufTensor> TENSORS = List.of(new GgufTensor("x", ElementType.F32, List.of(4L)));

  @TempDir Path folder;

  @Test
  void create_leftoversOfDeadProcesses_areRemoved() throws IOException {
    for (String name : List.of(".m.gguf123.part", ".m.gguf9.part", ".other.gguf123.part", ".m.gguf.part", ".m.ggufx.part", "m.gguf123.part")) {
      Files.writeString(folder.resolve(name), "left");
    }
    try (GgufWriter writer = GgufWriter.create(folder.resolve("m.gguf"), new GgufMetadata(), TENSORS)) {
      writer.commit();
    }
    assertThat(names()).containsExactlyInAnyOrder("m.gguf", ".other.gguf123.part", ".m.gguf.part", ".m.ggufx.part", "m.gguf123.part");
  }

  @Test
  void create_twiceInOneProcess_bothFinish() {
    Path target = folder.resolve("m.gguf");
    try (GgufWriter first = GgufWriter.create(target, new GgufMetadata(), TENSORS);
        GgufWriter second = GgufWriter.create(target, new GgufMetadata().u32("second", 2), TENSORS)) {
      assertThat(names()).hasSize(2);
      second.commit();
      first.write(0, 0, ByteBuffer.allocate(16));
      first.commit();
    }
    assertThat(names()).containsExactly("m.gguf");
    try (ModelFile file = ModelFile.open(target)) {
      assertThat(file.number("second")).isEmpty();
    }
  }

  @Test
  void create_whileAnotherProcessWrites_leavesItsFile() throws Exception {
    Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"),
        Holder.class.getName(), folder.resolve(".m.gguf77.part").toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      assertThat(other.getInputStream().read()).isEqualTo('!');
      GgufWriter.create(folder.resolve("m.gguf"), new GgufMetadata(), TENSORS).close();
      assertThat(names()).containsExactly(".m.gguf77.part");
    } finally {
      other.destroyForcibly().waitFor(1, TimeUnit.MINUTES);
    }
    GgufWriter.create(folder.resolve("m.gguf"), new GgufMetadata(), TENSORS).close();
    assertThat(names()).isEmpty();
  }

  /** A process that holds a lock as a writer does. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws Exception {
      try (RandomAccessFile file = new RandomAccessFile(args[0], "rw"); FileLock lock = file.getChannel().lock()) {
        System.out.print(lock.isValid() ? "!" : "?");
        System.out.flush();
        Thread.sleep(TimeUnit.MINUTES.toMillis(5));
      }
    }
  }

  @Test
  void copy_everyKindOfValue_keepsIt() throws IOException {
    Path source = folder.resolve("source.gguf");
    GgufMetadata metadata = new GgufMetadata().u32("u32", 4294967295L).f32("f32", 0.1).bool("bool", true).string("string", "ä\u0120").integers("i32s", -1, 7)
        .strings("strings", List.of("", "b"));
    try (GgufWriter writer = GgufWriter.create(source, metadata, TENSORS)) {
      writer.commit();
    }
    assertThat(Files.mismatch(source, copy(source))).isEqualTo(-1);
  }

  @Test
  void copy_numbersOfAllWidths_keepsThem() throws IOException {
    Path source = folder.resolve("source.gguf");
    byte[][] values = {{(byte) 200}, {(byte) -3}, {(byte) 0xFF, (byte) 0xFE}, {1, (byte) 0x80}, null, null, null, null, null, null,
        {1, 2, 3, 4, 5, 6, 0, 0}, {-1, -1, -1, -1, -1, -1, -1, -1}, {0x18, 0x2D, 0x44, 0x54, (byte) 0xFB, 0x21, 0x09, 0x40}};
    Files.write(source, file(values));
    assertThat(Files.readAllBytes(source)).endsWith(new byte[16]);
    try (ModelFile file = ModelFile.open(source)) {
      GgufMetadata copied = new GgufMetadata();
      file.values().forEach(value -> copied.copy(file, value));
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      copied.encode(out);
      assertThat(out.toByteArray()).isEqualTo(pairs(values));
    }
    values[10] = new byte[] {1, 2, 3, 4, 5, 6, 7, 8};
    Files.write(source, file(values));
    try (ModelFile file = ModelFile.open(source)) {
      assertThatThrownBy(() -> file.values().forEach(value -> new GgufMetadata().copy(file, value))).isInstanceOf(UnsupportedModelException.class)
          .hasMessageContainingAll("k10", "53 bits");
    }
  }

  private static byte[] file(byte[][] values) {
    byte[] pairs = pairs(values);
    int count = (int) Stream.of(values).filter(value -> value != null).count();
    byte[] name = GgufMetadata.lengthAndBytes(new byte[] {'x'});
    ByteBuffer head = ByteBuffer.allocate(24 + pairs.length + name.length + 24).order(ByteOrder.LITTLE_ENDIAN);
    head.putInt(0x46554747).putInt(3).putLong(1).putLong(count).put(pairs).put(name).putInt(1).putLong(4).putInt(0).putLong(0);
    int begin = (head.capacity() + 31) / 32 * 32;
    return Arrays.copyOf(head.array(), begin + 16);
  }

  private static byte[] pairs(byte[][] values) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int type = 0; type < values.length; type++) {
      if (values[type] != null) {
        out.writeBytes(GgufMetadata.lengthAndBytes(("k" + type).getBytes(StandardCharsets.US_ASCII)));
        out.writeBytes(new byte[] {(byte) type, 0, 0, 0});
        out.writeBytes(values[type]);
      }
    }
    return out.toByteArray();
  }

  private Path copy(Path source) {
    Path target = folder.resolve("copy.gguf");
    try (ModelFile file = ModelFile.open(source)) {
      GgufMetadata copied = new GgufMetadata();
      file.values().stream().filter(value -> !value.key().equals("general.alignment")).forEach(value -> copied.copy(file, value));
      try (GgufWriter writer = GgufWriter.create(target, copied, TENSORS)) {
        writer.commit();
      }
    }
    return target;
  }

  private List<String> names() {
    return List.of(folder.toFile().list());
  }
}
