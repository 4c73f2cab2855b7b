package io.gpa4j.internal;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How a {@code tokenizer.json} cuts a text into words, which is its {@code pre_tokenizer}: by patterns, and then into bytes. */
final class TokenizerCuts {
  private static final String WORDS_BEFORE_NUMBERS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
  private static final String REST_BEHIND_NUMBERS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  // A pattern from a file could take longer than anybody lives. These are Qwen's, and the one with numbers of three digits of Llama 3.
  private static final Set<String> PATTERNS = Set.of(WORDS_BEFORE_NUMBERS + "\\p{N}" + REST_BEHIND_NUMBERS,
      WORDS_BEFORE_NUMBERS + "\\p{N}{1,3}" + REST_BEHIND_NUMBERS);
  private static final Set<String> BEHAVIORS = Set.of("Isolated", "Removed");
  private static final int MAX_CUTS = 8;

  // Of a Split or a ByteLevel, whose fields the other has not.
  private static final class Cut {
    private String type;
    private String pattern;
    private String behavior;
    private boolean invert;
    private boolean prefixSpace;
    private boolean usesPattern = true;
  }

  private final StrictJson json;
  private final List<Cut> cuts = new ArrayList<>();

  TokenizerCuts(StrictJson json) {
    this.json = json;
  }

  /** The value that the parser stands at: one of them, or a sequence. */
  void read(String path) throws IOException {
    Cut single = new Cut();
    json.object(path, Map.of("type", at -> single.type = json.text(at), "pretokenizers", at -> json.array(at, this::readOne),
        "add_prefix_space", at -> single.prefixSpace = json.flag(at), "trim_offsets", json::flag,
        "use_regex", at -> single.usesPattern = json.flag(at)));
    if (!"Sequence".equals(single.type)) {
      cuts.add(single);
    }
  }

  private void readOne(String path) throws IOException {
    Cut cut = new Cut();
    json.object(path, Map.of("type", at -> cut.type = json.text(at),
        "pattern", at -> json.object(at, Map.of("Regex", regex -> cut.pattern = json.text(regex))),
        "behavior", at -> cut.behavior = json.text(at), "invert", at -> cut.invert = json.flag(at),
        "add_prefix_space", at -> cut.prefixSpace = json.flag(at), "trim_offsets", json::flag,
        "use_regex", at -> cut.usesPattern = json.flag(at)));
    if (cuts.size() == MAX_CUTS) {
      throw json.wrong(path, "is one too many, expected up to " + MAX_CUTS);
    }
    cuts.add(cut);
  }

  /** Once all is read. */
  void check() {
    for (int i = 0; i < cuts.size(); i++) {
      Cut cut = cuts.get(i);
      boolean last = i == cuts.size() - 1;
      String wanted = last ? "ByteLevel" : "Split";
      if (!wanted.equals(cut.type)) {
        throw json.wrong("pre_tokenizer", "has " + (cut.type == null ? "no type" : "the type '" + StrictJson.shown(cut.type) + "'") + " at "
            + i + ", expected " + wanted);
      }
      if (!last && (cut.pattern == null || !PATTERNS.contains(cut.pattern))) {
        throw json.wrong("pre_tokenizer", "cuts by " + (cut.pattern == null ? "no pattern" : "'" + StrictJson.shown(cut.pattern) + "'")
            + " at " + i + ", expected the pattern of Qwen's tokenizers or of Llama 3's");
      }
      if (!last && (cut.behavior == null || !BEHAVIORS.contains(cut.behavior))) {
        throw json.wrong("pre_tokenizer", "has the behavior '" + StrictJson.shown(String.valueOf(cut.behavior)) + "' at " + i
            + ", expected one of " + BEHAVIORS);
      }
    }
    if (cuts.isEmpty()) {
      throw json.wrong("pre_tokenizer", "is missing, expected a ByteLevel");
    }
  }

  /** Writes it as the library reads it. */
  void write(JsonGenerator to) throws IOException {
    to.writeStartObject();
    to.writeStringField("type", "Sequence");
    to.writeArrayFieldStart("pretokenizers");
    for (Cut cut : cuts) {
      if (cut.type.equals("Split")) {
        writeSplit(cut, to);
      } else {
        writeByteLevel(to, cut.prefixSpace, cut.usesPattern);
      }
    }
    to.writeEndArray();
    to.writeEndObject();
  }

  private static void writeSplit(Cut cut, JsonGenerator to) throws IOException {
    to.writeStartObject();
    to.writeStringField("type", cut.type);
    to.writeObjectFieldStart("pattern");
    to.writeStringField("Regex", cut.pattern);
    to.writeEndObject();
    to.writeStringField("behavior", cut.behavior);
    to.writeBooleanField("invert", cut.invert);
    to.writeEndObject();
  }

  /** Writes a text's bytes as letters, or the way back. */
  static void writeByteLevel(JsonGenerator to, boolean prefixSpace, boolean usesPattern) throws IOException {
    to.writeStartObject();
    to.writeStringField("type", "ByteLevel");
    to.writeBooleanField("add_prefix_space", prefixSpace);
    to.writeBooleanField("trim_offsets", false);
    to.writeBooleanField("use_regex", usesPattern);
    to.writeEndObject();
  }
}
