package io.gpa4j.fabricate;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A byte-level BPE tokenizer of the shape's token counts, whatever the seed. Its text tokens are the 256 bytes, pairs of bytes (those of
 * letters first) and pairs of such pairs, so that every text can be encoded.
 */
final class TokenizerFiles {
  /** Where {@code <|im_end|>} stands behind the last text token. */
  static final int IM_END = 2;

  private static final List<String> SPECIALS = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");
  private static final List<String> SINGLES = List.of("<|start_content|>", "<|start_global_token|>", "<|start_semantic_token|>",
      "<|start_glm_token|>", "<|end_content|>", "<|end_global_token|>", "<|end_semantic_token|>", "<|end_glm_token|>");
  private static final String PATTERN = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
      + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final int LETTERS = 26;
  private static final String SPACE = "\u0120";
  private static final JsonFactory JSON = new JsonFactory();

  private final Map<String, Integer> vocabulary = new LinkedHashMap<>();
  private final List<String[]> merges = new ArrayList<>();
  private final Map<String, Integer> added = new LinkedHashMap<>();

  TokenizerFiles(ModelShape.Tokens tokens) {
    bytes().forEach(this::addText);
    mergeTo(tokens.text());
    for (int i = tokens.text(); i < tokens.firstAudio(); i++) {
      int special = i - tokens.text();
      added.put(special < SPECIALS.size() ? SPECIALS.get(special) : "<|extra_" + special + "|>", i);
    }
    family("<|glm_semantic_", tokens.firstAudio(), tokens.glm());
    family("<|bicodec_global_", tokens.globalFirst(), tokens.global());
    family("<|bicodec_semantic_", tokens.semanticFirst(), tokens.semantic());
    for (int i = 0; i < SINGLES.size(); i++) {
      added.put(SINGLES.get(i), tokens.singlesFirst() + i);
    }
  }

  // GPT-2's printable stand-ins for bytes: those of Latin-1 that print stand for themselves, the rest is moved up from U+0100 on.
  private static List<String> bytes() {
    List<String> printable = new ArrayList<>();
    List<String> moved = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      if ((b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD)) {
        printable.add(String.valueOf((char) b));
      } else {
        moved.add(String.valueOf((char) (256 + moved.size())));
      }
    }
    printable.addAll(moved);
    return printable;
  }

  private void addText(String token) {
    if (vocabulary.put(token, vocabulary.size()) != null) {
      throw new IllegalStateException("token " + token + " twice");
    }
  }

  private void mergeTo(int count) {
    List<String> starts = new ArrayList<>(List.of(SPACE));
    for (char letter = 'a'; letter <= 'z'; letter++) {
      starts.add(String.valueOf(letter));
    }
    List<String> ends = starts.subList(1, starts.size());
    List<String> first = pairs(starts, ends, count);
    List<String> bytes = bytes();
    pairs(bytes, bytes, count);
    // The first LETTERS pairs begin with a space: only the others can end a word.
    List<String> second = first.subList(Math.min(LETTERS, first.size()), first.size());
    for (int k = 0; vocabulary.size() < count; k++) {
      int a = k % first.size();
      merge(first.get(a), second.get((k / first.size() * 7 + a) % second.size()));
    }
  }

  private List<String> pairs(List<String> starts, List<String> ends, int count) {
    List<String> made = new ArrayList<>();
    for (String start : starts) {
      for (String end : ends) {
        if (vocabulary.size() < count && !vocabulary.containsKey(start + end)) {
          merge(start, end);
          made.add(start + end);
        }
      }
    }
    return made;
  }

  private void merge(String left, String right) {
    addText(left + right);
    merges.add(new String[] {left, right});
  }

  private void family(String prefix, int first, int count) {
    for (int i = 0; i < count; i++) {
      added.put(prefix + i + "|>", first + i);
    }
  }

  /** {@code tokenizer.json}. */
  byte[] tokenizer() {
    return json(json -> {
      json.writeStartObject();
      json.writeStringField("version", "1.0");
      json.writeNullField("truncation");
      json.writeNullField("padding");
      writeAdded(json);
      json.writeObjectFieldStart("normalizer");
      json.writeStringField("type", "NFC");
      json.writeEndObject();
      writePreTokenizer(json);
      json.writeFieldName("post_processor");
      writeByteLevel(json, true, false, true);
      json.writeFieldName("decoder");
      writeByteLevel(json, true, true, true);
      writeModel(json);
      json.writeEndObject();
    });
  }

  /** {@code tokenizer_config.json}. */
  byte[] config() {
    return json(json -> {
      json.writeStartObject();
      json.writeBooleanField("add_bos_token", false);
      json.writeBooleanField("add_prefix_space", false);
      json.writeNullField("bos_token");
      json.writeBooleanField("clean_up_tokenization_spaces", false);
      json.writeStringField("eos_token", SPECIALS.get(IM_END));
      json.writeStringField("errors", "replace");
      json.writeNumberField("model_max_length", 131_072);
      json.writeStringField("pad_token", SPECIALS.get(0));
      json.writeBooleanField("split_special_tokens", false);
      json.writeStringField("tokenizer_class", "Qwen2Tokenizer");
      json.writeNullField("unk_token");
      json.writeEndObject();
    });
  }

  /** {@code added_tokens.json}. */
  byte[] addedTokens() {
    return json(json -> writeIds(json, added));
  }

  /** {@code vocab.json}. */
  byte[] vocab() {
    return json(json -> writeIds(json, vocabulary));
  }

  /** {@code merges.txt}. */
  byte[] mergeLines() {
    StringBuilder lines = new StringBuilder("#version: 0.2\n");
    for (String[] merge : merges) {
      lines.append(merge[0]).append(' ').append(merge[1]).append('\n');
    }
    return lines.toString().getBytes(StandardCharsets.UTF_8);
  }

  private void writeAdded(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("added_tokens");
    for (Map.Entry<String, Integer> token : added.entrySet()) {
      json.writeStartObject();
      json.writeNumberField("id", token.getValue());
      json.writeStringField("content", token.getKey());
      json.writeBooleanField("single_word", false);
      json.writeBooleanField("lstrip", false);
      json.writeBooleanField("rstrip", false);
      json.writeBooleanField("normalized", false);
      json.writeBooleanField("special", true);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void writePreTokenizer(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("pre_tokenizer");
    json.writeStringField("type", "Sequence");
    json.writeArrayFieldStart("pretokenizers");
    json.writeStartObject();
    json.writeStringField("type", "Split");
    json.writeObjectFieldStart("pattern");
    json.writeStringField("Regex", PATTERN);
    json.writeEndObject();
    json.writeStringField("behavior", "Isolated");
    json.writeBooleanField("invert", false);
    json.writeEndObject();
    writeByteLevel(json, false, true, false);
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeByteLevel(JsonGenerator json, boolean prefixSpace, boolean trimOffsets, boolean regex) throws IOException {
    json.writeStartObject();
    json.writeStringField("type", "ByteLevel");
    json.writeBooleanField("add_prefix_space", prefixSpace);
    json.writeBooleanField("trim_offsets", trimOffsets);
    json.writeBooleanField("use_regex", regex);
    json.writeEndObject();
  }

  private void writeModel(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("model");
    json.writeStringField("type", "BPE");
    json.writeNullField("dropout");
    json.writeNullField("unk_token");
    json.writeNullField("continuing_subword_prefix");
    json.writeNullField("end_of_word_suffix");
    json.writeBooleanField("fuse_unk", false);
    json.writeBooleanField("byte_fallback", false);
    json.writeBooleanField("ignore_merges", false);
    json.writeFieldName("vocab");
    writeIds(json, vocabulary);
    json.writeArrayFieldStart("merges");
    for (String[] merge : merges) {
      json.writeArray(merge, 0, merge.length);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeIds(JsonGenerator json, Map<String, Integer> ids) throws IOException {
    json.writeStartObject();
    for (Map.Entry<String, Integer> token : ids.entrySet()) {
      json.writeNumberField(token.getKey(), token.getValue());
    }
    json.writeEndObject();
  }

  private static byte[] json(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      writing.to(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private interface Writing {
    void to(JsonGenerator json) throws IOException;
  }
}
