package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.ThreadMXBean;
import io.gpa4j.AudioFormatException;
import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.GpaException;
import io.gpa4j.ModelFile;
import io.gpa4j.ModelFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that claim too much cost next to no memory, and refused ones leave neither memory, mappings nor open files behind. */
class BadInputMemoryTest {
  private static final long MIB = 1 << 20;
  private static final Path SELF = Path.of("/proc/self");

  @TempDir Path folder;

  @BeforeEach
  void needsProc() {
    assumeThat(SELF.resolve("status")).exists();
  }

  @Test
  void audioHeadersThatClaimGigabytes_costLittle() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = resetPeak();
    for (int claimed : new int[] {1_900_000_000, 0x7FFE_0000, 500_000_000}) {
      for (int channels : new int[] {1, 2, 64}) {
        Path file = Wav.write(folder.resolve("liar.wav"), Wav.bytes(Wav.Kind.S16, 16_000, channels, claimed, new float[64 * 20]));
        long allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        assertThatThrownBy(() -> AudioSource.of(file).samples()).isInstanceOf(AudioFormatException.class).hasMessageContaining("liar.wav");
        assertThat(threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - allocated).isLessThan(16 * MIB);
      }
    }
    assertThat(statusKib("VmHWM:") - before).as("KiB").isLessThan(64 * 1024);
  }

  @Test
  void modelHeadersThatClaimGigabytes_costLittle() {
    long before = resetPeak();
    for (byte[] bytes : lyingHeaders()) {
      Path file = Wav.write(folder.resolve("liar.gguf"), bytes);
      assertThatThrownBy(() -> ModelFile.open(file)).isInstanceOf(ModelFormatException.class).hasMessageContaining("liar.gguf");
    }
    assertThat(statusKib("VmHWM:") - before).as("KiB").isLessThan(64 * 1024);
  }

  @Test
  void refusedModels_leaveNothingOpenOrMapped() throws IOException {
    byte[] whole = Files.readAllBytes(Models.goldens("f32"));
    Gguf renamed = Gguf.read(whole);
    renamed.tensors.put("stranger", renamed.tensors.remove("decoder.output_norm.weight"));
    Path cut = Wav.write(folder.resolve("cut.gguf"), Arrays.copyOf(whole, whole.length - 5000));
    Path missing = Wav.write(folder.resolve("missing.gguf"), renamed.bytes());
    Runnable round = () -> {
      for (Path file : List.of(cut, missing, folder, folder.resolve("none"))) {
        assertThat(catchThrowable(() -> Gpa.builder(file).build())).isInstanceOf(GpaException.class);
        assertThat(catchThrowable(() -> AudioSource.of(file).samples())).isInstanceOf(GpaException.class);
      }
      Gpa.builder(Models.goldens("f32")).threads(1).build().close();
    };
    round.run();
    long open = openFiles();
    long resident = statusKib("VmRSS:");
    for (int i = 0; i < 25; i++) {
      round.run();
    }
    assertThat(openFiles()).isLessThanOrEqualTo(open + 2);
    assertThat(Files.readAllLines(SELF.resolve("maps"), StandardCharsets.ISO_8859_1)).noneMatch(line -> line.endsWith(".gguf"));
    // Models kept would be 1.5 GB.
    assertThat(statusKib("VmRSS:") - resident).as("KiB more").isLessThan(300 * 1024);
  }

  // Well-formed up to a count or length that the file cannot hold.
  private static List<byte[]> lyingHeaders() {
    ByteBuffer tensors = header(65_535, 0);
    ByteBuffer values = header(0, 65_535);
    ByteBuffer text = value(8).putLong(1L << 33);
    ByteBuffer numbers = value(9).putInt(4).putLong(1L << 24);
    ByteBuffer texts = value(9).putInt(8).putLong(1L << 24);
    ByteBuffer nested = value(9).putInt(9).putLong(1L << 24);
    ByteBuffer name = header(1, 0).putLong(1L << 40);
    ByteBuffer extents = header(1, 0).putLong(1).put((byte) 'x').putInt(4).putLong(1L << 20).putLong(1L << 20).putLong(1L << 10).putLong(4)
        .putInt(0).putLong(0);
    return Stream.of(tensors, values, text, numbers, texts, nested, name, extents).map(ByteBuffer::array).toList();
  }

  private static ByteBuffer header(long tensorCount, long valueCount) {
    return ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN).put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3)
        .putLong(tensorCount).putLong(valueCount);
  }

  private static ByteBuffer value(int type) {
    return header(0, 1).putLong(1).put((byte) 'k').putInt(type);
  }

  // The kernel forgets the process's largest size, so that a new one shows.
  private static long resetPeak() {
    try {
      Files.writeString(SELF.resolve("clear_refs"), "5");
    } catch (IOException e) {
      assumeThat(e).as("/proc/self/clear_refs is writable").isNull();
    }
    return statusKib("VmHWM:");
  }

  private static long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(SELF.resolve("fd"))) {
      return files.count();
    }
  }

  private static long statusKib(String key) {
    try {
      String line = Files.readAllLines(SELF.resolve("status")).stream().filter(l -> l.startsWith(key)).findFirst().orElseThrow();
      return Long.parseLong(line.replaceAll("\\D", ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
