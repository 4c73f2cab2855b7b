package io.gpa4j.conversion;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.ElementType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tensor far larger than the heap goes through a process of its own. */
class SmallHeapTest {
  private static final long VOCABULARY = 300_000;
  private static final int HEAP_MIB = 24;

  @TempDir Path folder;

  @Test
  void convertAndQuantize_tensorTenTimesTheHeap_fit() throws Exception {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly().set("config.json", "vocab_size", VOCABULARY);
    golden.tensors.get("").remove("model.embed_tokens.weight");
    golden.writeFiles(folder.resolve("c"));
    writeWithHole(folder.resolve("c/model.safetensors"), golden.tensors.get(""));

    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx" + HEAP_MIB + "m",
        "-cp", System.getProperty("java.class.path"), Child.class.getName(), folder.resolve("c").toString(), folder.resolve("m.gguf").toString(),
        folder.resolve("q.gguf").toString())
        .redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    assertThat(Files.size(folder.resolve("m.gguf"))).isGreaterThan(VOCABULARY * 256 * 2);
    assertThat(Files.size(folder.resolve("q.gguf"))).isBetween(VOCABULARY * 256 * 210 / 256, VOCABULARY * 256);
  }

  // The embedding comes last and is a hole in the file: zeros that take no disk.
  private static void writeWithHole(Path path, Map<String, Tensors> tensors) throws IOException {
    GoldenCheckpoint.writeSafetensors(path, tensors, ElementType.F32);
    Map<String, Object> header = new LinkedHashMap<>();
    long offset = 0;
    for (Map.Entry<String, Tensors> entry : tensors.entrySet()) {
      long end = offset + 4L * entry.getValue().values().length;
      header.put(entry.getKey(), Map.of("dtype", "F32", "shape", entry.getValue().shape(), "data_offsets", new long[] {offset, end}));
      offset = end;
    }
    long bytes = VOCABULARY * 256 * 4;
    header.put("model.embed_tokens.weight", Map.of("dtype", "F32", "shape", List.of(VOCABULARY, 256), "data_offsets", List.of(offset, offset + bytes)));
    byte[] old = Files.readAllBytes(path);
    byte[] data = Arrays.copyOfRange(old, (int) (old.length - offset), old.length);
    Files.write(path, GoldenCheckpoint.safetensors(GoldenCheckpoint.json(header), data));
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(file.length() + bytes);
    }
  }

  /** The process with the small heap. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) {
      Converter.convert(Path.of(args[0]), Path.of(args[1]), ConversionOptions.of(ElementType.F16).withThreads(2), ConversionListener.NONE);
      QuantizeOptions options = QuantizeOptions.of(WeightTypes.of(Recipe.Q4_K_M)).withThreads(2);
      Quantizer.quantize(Path.of(args[1]), Path.of(args[2]), options, ConversionListener.NONE);
    }
  }
}
