package io.gpa4j.tests.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.Gpa;
import io.gpa4j.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A model file's text tokenizer: what Qwen's consist of is taken, anything else is refused by the name of its field before a library sees it. */
class TextTokenizerTest {
  private static final String TEXT = "abc ab <|im_end|> a";
  private static final String ADDED = "\"added_tokens\":[{\"id\":21,\"content\":\"<|im_end|>\"";

  @TempDir
  private static Path folder;

  private static int[] encode(String tokenizer, String text, boolean special) throws IOException {
    Path file = Files.write(folder.resolve("text.gguf"), SmallModel.decoder(tokenizer).bytes());
    try (Gpa gpa = Gpa.builder(file).threads(1).maxConcurrency(1).build()) {
      return gpa.encode(text, special);
    }
  }

  private static String changed(String from, String to) {
    assertThat(SmallModel.TOKENIZER).contains(from);
    return SmallModel.TOKENIZER.replace(from, to);
  }

  private static void isRefused(String tokenizer, String... words) {
    assertThatThrownBy(() -> encode(tokenizer, "a", false)).isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("text.gguf: tokenizer.huggingface.json: ").message().hasSizeLessThan(600)
        .satisfies(message -> assertThat(List.of(words)).allMatch(message::contains));
  }

  @Test
  void words_areMerged_andSpecialTokensOnlyWhenAsked() throws IOException {
    assertThat(encode(SmallModel.TOKENIZER, "abc ab a", false)).containsExactly(5, 3, 4, 3, 0);
    assertThat(encode(SmallModel.TOKENIZER, "ab<|im_end|>c", true)).containsExactly(4, 21, 2);
    assertThat(encode(SmallModel.TOKENIZER, "ab<|im_end|>c", false)).doesNotContain(21);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '~', quoteCharacter = '\u0001', value = {
    "[\"a\",\"b\"],[\"ab\",\"c\"] ~ \"a b\",\"ab c\"",
    "\"continuing_subword_prefix\":\"\" ~ \"continuing_subword_prefix\":null",
    "\"byte_fallback\":false, ~ ",
    "\"truncation\":null ~ \"truncation\":{\"max_length\":1,\"strategy\":\"LongestFirst\",\"stride\":9,\"direction\":\"Right\"}",
    "\"padding\":null ~ \"padding\":{\"strategy\":{\"Fixed\":99999999},\"pad_id\":0}",
    "\"post_processor\":{\"type\":\"ByteLevel\", ~ \"post_processor\":{\"type\":\"Nobody\",",
    "\\\\p{N}| ?[ ~ \\\\p{N}{1,3}| ?["})
  void otherFiles_ofTheSameTokenizer_giveTheSame(String from, String to) throws IOException {
    int[] ids = encode(SmallModel.TOKENIZER, TEXT, true);
    assertThat(encode(changed(from, to == null ? "" : to), TEXT, true)).isEqualTo(ids);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '~', quoteCharacter = '\u0001', value = {
    "\"type\":\"BPE\" ~ \"type\":\"Unigram\" ~ model.type",
    "\"type\":\"BPE\", ~  ~ model.type",
    "\"dropout\":null ~ \"dropout\":2.0 ~ model.dropout",
    "\"unk_token\":null ~ \"unk_token\":\"x\" ~ model.unk_token",
    "\"end_of_word_suffix\":\"\" ~ \"end_of_word_suffix\":\"</w>\" ~ model.end_of_word_suffix",
    "\"byte_fallback\":false ~ \"byte_fallback\":true ~ model.byte_fallback",
    "\"ignore_merges\":false ~ \"ignore_merges\":3 ~ model.ignore_merges",
    "\"fuse_unk\":false ~ \"fuse_unk\":false,\"fuse_unk\":false ~ model.fuse_unk is there twice",
    "\"fuse_unk\":false ~ \"fuse_nothing\":false ~ model.fuse_nothing",
    "\"abc\":5 ~ \"abc\":4 ~ model.vocab.abc",
    "\"abc\":5 ~ \"abc\":64 ~ model.vocab.abc",
    "\"abc\":5 ~ \"abc\":4294967295 ~ model.vocab.abc",
    "\"abc\":5 ~ \"abc\":-1 ~ model.vocab.abc",
    "\"abc\":5 ~ \"abc\":5,\"abc\":6 ~ model.vocab.abc",
    "\"abc\":5 ~ \"abc\":5,\"\":6 ~ model.vocab.",
    "\"abc\":5 ~ \"abc\":5,\"\\ud800\":6 ~ model.vocab.",
    "[\"ab\",\"c\"] ~ [\"ab\",\"b\"] ~ model.merges[1]",
    "[\"ab\",\"c\"] ~ [\"d\",\"c\"] ~ model.merges[1]",
    "[\"ab\",\"c\"] ~ [\"ab\"] ~ model.merges[1]",
    "[\"ab\",\"c\"] ~ [\"ab\",\"c\",\"c\"] ~ model.merges[1]",
    "[\"ab\",\"c\"] ~ \"abc\" ~ model.merges[1]",
    "[\"ab\",\"c\"] ~ 7 ~ model.merges[1]",
    "{\"type\":\"NFC\"} ~ {\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"} ~ normalizer.type",
    "{\"type\":\"NFC\"} ~ {\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(a+)+$\"},\"content\":\"\"} ~ normalizer.type",
    "\"type\":\"Sequence\" ~ \"type\":\"Metaspace\" ~ pre_tokenizer",
    "\"type\":\"Split\" ~ \"type\":\"Digits\" ~ pre_tokenizer",
    "'s|'t ~ (a+)+|'t ~ pre_tokenizer",
    "{\"Regex\": ~ {\"String\": ~ pre_tokenizer.pretokenizers[0].pattern.String",
    "\"behavior\":\"Isolated\" ~ \"behavior\":\"MergedWithNext\" ~ pre_tokenizer",
    "\"decoder\":{\"type\":\"ByteLevel\" ~ \"decoder\":{\"type\":\"Fuse\" ~ decoder.type",
    "\"decoder\":{ ~ \"decoders\":{ ~ decoders",
    "\"lstrip\":false ~ \"lstrip\":true ~ added_tokens[0].lstrip",
    "\"id\":21 ~ \"id\":99 ~ added_tokens[0].id",
    "\"content\":\"<|im_end|>\" ~ \"content\":\"\" ~ added_tokens[0].content",
    "\"content\":\"<|im_end|>\" ~ \"content\":\"abc\" ~ added_tokens",
    "\"id\":21 ~ \"id\":5 ~ added_tokens give",
    "\"normalizer\":{\"type\":\"NFC\"} ~ \"normalizer\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]] ~ normalizer",
    "\"version\":\"1.0\" ~ \"version\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]] ~ nesting"})
  void anythingElse_isRefusedByTheNameOfItsField(String from, String to, String field) {
    isRefused(changed(from, to == null ? "" : to), field);
  }

  @Test
  void addedTokens_thatAreTwo_orTooManyOrTooLong_areRefused() {
    String start = ADDED.substring(0, ADDED.indexOf('{'));
    String second = "{\"id\":%d,\"content\":\"%s\"},";
    isRefused(changed(start, start + String.format(second, 20, "<|im_end|>")), "added_tokens[1]");
    isRefused(changed(start, start + String.format(second, 21, "other")), "added_tokens[1]");
    isRefused(changed(start, start + String.format(second, 20, "x".repeat(129))), "added_tokens[0].content");
  }

  @Test
  void mergesBeforeTheVocabulary_areTaken() throws IOException {
    int at = SmallModel.TOKENIZER.indexOf("\"vocab\"");
    int merges = SmallModel.TOKENIZER.indexOf(",\"merges\"");
    int end = SmallModel.TOKENIZER.length() - 2;
    String turned = SmallModel.TOKENIZER.substring(0, at) + SmallModel.TOKENIZER.substring(merges + 1, end) + ","
        + SmallModel.TOKENIZER.substring(at, merges) + "}}";
    assertThat(encode(turned, "abc", false)).containsExactly(5);
  }

  @Test
  void noJson_isRefused() {
    for (String json : new String[] {"", "{", "[]", "{}", "null", "{\"model\": 3}", SmallModel.TOKENIZER + "{}", "\u0000"}) {
      isRefused(json);
    }
    isRefused("{\"" + "x".repeat(20_000) + "\":1}");
    isRefused("{\"version\":" + "9".repeat(5000) + "}");
    isRefused("[".repeat(100_000));
  }
}
