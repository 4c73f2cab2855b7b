package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.Gpa;
import java.lang.management.ManagementFactory;
import java.text.Normalizer;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts of a hundred thousand characters, and words of as many, take a time that grows with their length and not with its square. */
class LongTextIT {
  private static final int LENGTH = 100_000;
  // Between what is seen (a fifth of a second) and what the square of the length would be (ten).
  private static final double MAX_SECONDS = 2;

  private static Gpa gpa;

  @BeforeAll
  static void open() {
    gpa = Gpa.builder(Models.decoderAlone()).build();
  }

  @AfterAll
  static void close() {
    gpa.close();
  }

  // A word of one letter, of many, of spaces, of lines, of digits, of signs, of marks that are put in order, of composed syllables, of two halves of a character.
  @ParameterizedTest
  @ValueSource(strings = {"a", "the", " ", "\n", " \n", "7", "!", "\u0301", "a\u0323\u0301", "\u1112\u1161\u11ab", "\ud83d\ude00", "It's one o'clock. ", "\u4f60",
    "<|im_end|>", "<|"})
  void aLongText_takesNoLongTime(String piece) {
    String text = piece.repeat(LENGTH / piece.length());
    gpa.encode(piece, true);
    for (boolean special : new boolean[] {false, true}) {
      long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      int[] ids = gpa.encode(text, special);
      String back = special ? null : gpa.decode(ids);
      double seconds = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / 1e9;
      assertThat(seconds).as("seconds, %s special tokens", special ? "with" : "without").isLessThan(MAX_SECONDS);
      if (!special) {
        assertThat(back.equals(Normalizer.normalize(text, Normalizer.Form.NFC))).as("the text itself comes back").isTrue();
      }
    }
  }

  @Test
  void halvesOfCharacters_areReplaced() {
    assertThat(gpa.decode(gpa.encode("a\ud800b", false))).startsWith("a").endsWith("b");
    assertThat(Arrays.stream(gpa.encode("\udc00".repeat(1000), true)).count()).isPositive();
  }
}
