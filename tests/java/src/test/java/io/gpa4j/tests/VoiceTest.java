package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.CancelledException;
import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.Voice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VoiceTest {
  private static final int[] TOKENS = IntStream.range(0, 32).map(i -> i * 131).toArray();

  @TempDir Path folder;

  @Test
  void saved_andLoaded_isEqual() throws IOException {
    Voice voice = Voice.of("Änna 声", TOKENS);
    Path file = folder.resolve("a.voice");
    voice.save(file);
    assertThat(Voice.load(file)).isEqualTo(voice).hasSameHashCodeAs(voice);
    assertThat(Voice.load(file).tokens()).containsExactly(TOKENS);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void interruptedWriter_writesNothing_andKeepsTheFlag() throws IOException {
    Path file = folder.resolve("a.voice");
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> Voice.of("a", TOKENS).save(file)).isInstanceOf(CancelledException.class).hasMessageContaining(file.toString());
    assertThat(Thread.interrupted()).isTrue();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void equality_isOfNameAndTokens() {
    int[] others = TOKENS.clone();
    others[31]++;
    assertThat(Voice.of("a", TOKENS)).isNotEqualTo(Voice.of("b", TOKENS)).isNotEqualTo(Voice.of("a", others));
  }

  @Test
  void tokens_areCopies() {
    int[] tokens = TOKENS.clone();
    Voice voice = Voice.of("a", tokens);
    tokens[0] = 4095;
    voice.tokens()[1] = 4095;
    assertThat(voice.tokens()).containsExactly(TOKENS);
  }

  @Test
  void everyChangedByte_isNoticed() throws IOException {
    Path file = folder.resolve("a.voice");
    Voice voice = Voice.of("anna", TOKENS);
    voice.save(file);
    byte[] good = Files.readAllBytes(file);
    for (int i = 0; i < good.length - 1; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 1;
      Files.write(file, bad);
      assertThatThrownBy(() -> Voice.load(file)).as("byte %d", i).isInstanceOf(ModelFormatException.class).hasMessageContaining("a.voice");
    }
  }

  @Test
  void tokensThatAreNoArray_areRefused() throws IOException {
    Path file = folder.resolve("a.voice");
    Voice.of("anna", TOKENS).save(file);
    Files.writeString(file, Files.readString(file).replaceFirst("\\[.*]", "{\"a\":1}"));
    assertThatThrownBy(() -> Voice.load(file)).isInstanceOf(ModelFormatException.class).hasMessageContainingAll("a.voice", "tokens");
  }

  @Test
  void cutOrForeignFiles_areRefusedByName() throws IOException {
    Path file = folder.resolve("a.voice");
    Voice.of("anna", TOKENS).save(file);
    byte[] good = Files.readAllBytes(file);
    for (int length = 0; length < good.length - 1; length += 7) {
      Files.write(file, java.util.Arrays.copyOf(good, length));
      assertThatThrownBy(() -> Voice.load(file)).isInstanceOf(ModelFormatException.class).hasMessageContaining("a.voice");
    }
    Files.write(file, new byte[100_000]);
    assertThatThrownBy(() -> Voice.load(file)).isInstanceOf(ModelFormatException.class).hasMessageContaining("too long");
    assertThatThrownBy(() -> Voice.load(folder.resolve("none"))).isInstanceOf(GpaIoException.class).hasMessageContaining("none");
    assertThatThrownBy(() -> Voice.load(folder)).isInstanceOf(GpaIoException.class);
  }

  @Test
  void saving_whereItCannot_leavesNothing() throws IOException {
    Path nowhere = folder.resolve("no/such/folder/a.voice");
    assertThatThrownBy(() -> Voice.of("a", TOKENS).save(nowhere)).isInstanceOf(GpaIoException.class).hasMessageContaining("a.voice");
    Path taken = Files.createDirectories(folder.resolve("taken/inner")).getParent();
    assertThatThrownBy(() -> Voice.of("a", TOKENS).save(taken)).isInstanceOf(GpaIoException.class);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(taken);
    }
  }

  @Test
  void wrongArguments_areRefused() {
    assertThatThrownBy(() -> Voice.of("a", 1, 2)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("32");
    int[] high = TOKENS.clone();
    high[5] = 4096;
    assertThatThrownBy(() -> Voice.of("a", high)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("tokens[5]");
    assertThatThrownBy(() -> Voice.of(" ", TOKENS)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("name");
    assertThatThrownBy(() -> Voice.of(null, TOKENS)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> Voice.of("a", (int[]) null)).isInstanceOf(NullPointerException.class);
  }
}
