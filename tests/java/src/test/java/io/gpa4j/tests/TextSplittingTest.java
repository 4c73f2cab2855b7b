package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.TextSplitting;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class TextSplittingTest {
  private static final TextSplitting SHORT = TextSplitting.defaults().withLongest(40);

  @Test
  void textThatFitsOnePiece_isLeftAlone() {
    String text = "  Dr. Who said: \"No!\"  ";
    assertThat(SHORT.split(text)).containsExactly(text);
    assertThat(SHORT.split(" \n ")).isEmpty();
  }

  @Test
  void sentences_thatFitTogether_stayTogether() {
    assertThat(SHORT.split("One is here. Two is there. Three came far too late to see them. Four!"))
        .containsExactly("One is here. Two is there.", "Three came far too late to see them.", "Four!");
  }

  /** Sentences of more than half a piece: each is a piece of its own. The tilde stands for their filling. */
  private static void assertSentences(Locale locale, String... sentences) {
    String filling = " and so it went on and on for days";
    List<String> filled = Arrays.stream(sentences).map(sentence -> sentence.replace("~", filling)).toList();
    TextSplitting splitting = new TextSplitting(locale, 70, Duration.ZERO);
    assertThat(splitting.split(String.join(" ", filled))).containsExactlyElementsOf(filled);
  }

  @Test
  void smallLetters_mayBeginASentence() {
    assertSentences(Locale.ROOT, "one is here~.", "two is there~!", "three came~?", "four left~…", "Five stayed~...", "\"Six,\" he said~.", "seven~.");
    assertThat(TextSplitting.defaults().withLongest(20).split("it rains. it pours. the old man snores."))
        .containsExactly("it rains. it pours.", "the old man snores.");
  }

  @Test
  void abbreviations_endNoSentence() {
    assertSentences(Locale.ROOT, "He met Dr. Who~ at 5 p.m. today.", "J. R. R. Tolkien~ wrote it.", "See e.g. Fig. 3 or No. 5~.", "Then, etc. and so on~.",
        "It costs $3.50, i.e. little~.", "So~ do I.", "The answer~ is no.", "It began~ at 5 p.m.", "Mme. Curie, Sr. Ruiz und z. B. wer~.");
    assertSentences(Locale.GERMAN, "Am 3. Mai~ kam er.", "Hr. Maier bzw. Dr. Schulz~ ging.", "Das~ war 1999.", "Er~ fuhr.");
    assertSentences(Locale.ENGLISH, "It~ was on May 3.", "He~ took the 5.", "What is~ Hr.", "Maier~?");
  }

  @Test
  void quotationsAndDots_thatGoOn_endNoSentence() {
    assertSentences(Locale.ROOT, "\"Why?\" he asked~.", "“No.” she said~.", "wait... what~?", "Well… no~.", "„Nein!“ rief er~.", "»Was?« fragte sie~.");
    assertSentences(Locale.ROOT, "“Why~?”", "“No~.”", "(It rained~.)", "(A lot~.)", "Yes~...", "Really~!");
  }

  @Test
  void emptyLines_separate_lineEndsDoNot() {
    String text = "A heading of some length without a full stop\n \nA paragraph\nof two lines that has no end either";
    assertThat(TextSplitting.defaults().withLongest(60).split(text)).containsExactly("A heading of some length without a full stop", "A paragraph\nof two lines that has no end either");
  }

  @Test
  void chinese_isSplitAtItsOwnMarks() {
    assertThat(SHORT.split("今天天气很好。我们去公园吧！你说什么？他说：“好。”然后走了。"))
        .containsExactly("今天天气很好。我们去公园吧！", "你说什么？他说：“好。”然后走了。");
    assertThat(TextSplitting.defaults().withLongest(20).split("今天天气很好。我们去公园吧！他说：“好。”然后走了。"))
        .containsExactly("今天天气很好。", "我们去公园吧！", "他说：“好。”", "然后走了。");
  }

  @Test
  void longSentences_areSplitAtCommas_longClausesBetweenWords() {
    assertThat(SHORT.split("When he came in, which was late, nobody looked up, for it cost 3,500 then."))
        .containsExactly("When he came in, which was late,", "nobody looked up, for it cost 3,500 then.".substring(0, 17), "for it cost 3,500 then.");
    assertThat(SHORT.split("a sentence of many words that has no comma at all and no end"))
        .containsExactly("a sentence of many words that has no", "comma at all and no end");
  }

  @Test
  void nothingIsLost_andNothingIsTooLong() {
    String text = "Mr. Smith paid $3.50, i.e. little; \"why?\" he asked. 你好，世界。😀😀😀 " + "x".repeat(130) + " " + "字".repeat(50) + "\n\nEnd";
    for (int longest : new int[] {20, 33, 64}) {
      List<String> pieces = TextSplitting.defaults().withLongest(longest).split(text);
      assertThat(String.join("", pieces).replaceAll("\\s", "")).isEqualTo(text.replaceAll("\\s", ""));
      assertThat(pieces).allSatisfy(piece -> {
        assertThat(piece.codePoints().map(c -> Character.isIdeographic(c) ? 3 : 1).sum()).isLessThanOrEqualTo(longest);
        assertThat(Character.isLowSurrogate(piece.charAt(0))).isFalse();
      });
    }
  }

  @Test
  void wrongRanges_areRefused() {
    assertThatThrownBy(() -> SHORT.withLongest(19)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("longest");
    assertThatThrownBy(() -> new TextSplitting(Locale.ROOT, 100, Duration.ofSeconds(10))).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("pause");
    assertThatThrownBy(() -> new TextSplitting(null, 100, Duration.ZERO)).isInstanceOf(NullPointerException.class);
  }
}
