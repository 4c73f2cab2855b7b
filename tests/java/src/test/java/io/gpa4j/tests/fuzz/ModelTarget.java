package io.gpa4j.tests.fuzz;

import io.gpa4j.Gpa;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A model with a text tokenizer: inputs that begin with GGUF are whole files, others are the tokenizer of a good one. */
final class ModelTarget implements Target {
  private final Path file;

  ModelTarget(Path file) {
    this.file = file;
  }

  @Override
  public String name() {
    return "model";
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(SmallModel.decoder(), Target.utf8(SmallModel.TOKENIZER));
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
  public void read(byte[] input) throws Exception {
    boolean whole = input.length >= 4 && input[0] == 'G' && input[1] == 'G' && input[2] == 'U' && input[3] == 'F';
    Files.write(file, whole ? input : SmallModel.decoder(new String(input, java.nio.charset.StandardCharsets.UTF_8)));
    try (Gpa gpa = Gpa.builder(file).threads(1).maxConcurrency(1).build()) {
      gpa.decode(gpa.encode("abc ab <|im_end|> a", false));
      gpa.encode("abc<|im_end|>", true);
    }
  }

  @Override
  public void close() {
    Targets.delete(file);
  }
}
