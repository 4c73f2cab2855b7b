package io.gpa4j.tests.fuzz;

import io.gpa4j.Gpa;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/** A model that encodes texts: the whole file, or the text tokenizer in a good one. */
final class ModelTarget implements Target {
  private static final String TEXT = "abc ab <|im_end|> a e\u0301\u00e9 \u1112\u1161\u11ab \ud83d\ude00 <|> \n\0 ## a's 123";
  private static final byte[] ODD = {1, 1, 20, 0, 1, 16, 2, 17, 2, 18, 18, 3, 19, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
      27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50};

  private final String name;
  private final Path file;
  private final List<byte[]> seeds;
  private final UnaryOperator<byte[]> toModel;

  private ModelTarget(String name, Path file, List<byte[]> seeds, UnaryOperator<byte[]> toModel) {
    this.name = name;
    this.file = file;
    this.seeds = seeds;
    this.toModel = toModel;
  }

  /** Inputs are whole files, or edits of one. */
  static Target ofFiles(Path file) {
    return new ModelTarget("model", file, List.of(SmallModel.decoder().bytes(), ModelEdits.SEED),
        input -> ModelEdits.file(input, SmallModel.decoder()));
  }

  /** Inputs are tokenizers. */
  static Target ofTokenizers(Path file) {
    String older = SmallModel.TOKENIZER.replace("[\"a\",\"b\"],[\"ab\",\"c\"]", "\"a b\",\"ab c\"");
    return new ModelTarget("tokenizer", file, List.of(Target.utf8(SmallModel.TOKENIZER), Target.utf8(older), ODD),
        input -> SmallModel.decoder(TokenizerEdits.json(input)).bytes());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<byte[]> seeds() {
    return seeds;
  }

  @Override
  public List<String> words() {
    return List.of("GGUF", "{", "}", "[", "]", "\"type\":\"WordPiece\"", "\"type\":\"Unigram\"", "\"type\":\"WordLevel\"", "\"type\":\"Precompiled\"",
        "\"type\":\"Metaspace\"", "\"type\":\"TemplateProcessing\"", "\"type\":\"Strip\"", "\"type\":\"Replace\"", "\"type\":\"Fuse\"",
        "\"truncation\":{\"max_length\":1,\"strategy\":\"LongestFirst\",\"stride\":9,\"direction\":\"Right\"}", "\"padding\":{\"strategy\":{\"Fixed\":99999999}}",
        "\"dropout\":2.0", "\"unk_token\":\"x\"", "(a+)+$", "(?=", "\\\\p{L}", ",\"d\":4294967295", "null", "true", "\u0120", "\"abc\":0");
  }

  @Override
  public String label() {
    return file.getFileName().toString();
  }

  @Override
  public boolean isForeign() {
    return true;
  }

  @Override
  public void read(byte[] input) throws Exception {
    Files.write(file, toModel.apply(input));
    try (Gpa gpa = Gpa.builder(file).threads(1).maxConcurrency(1).build()) {
      gpa.decode(gpa.encode(TEXT, false));
      gpa.encode(TEXT, true);
    }
  }

  @Override
  public void close() {
    Targets.delete(file);
  }
}
