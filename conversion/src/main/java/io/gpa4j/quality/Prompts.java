package io.gpa4j.quality;

import io.gpa4j.ModelFile;
import java.util.stream.IntStream;

/** Prompts of token ids as the engine makes them, by the ids that a model file names. Codes count from 0. */
final class Prompts {
  private static final String TOKENS = "gpa.tokens.";

  private final ModelFile file;

  Prompts(ModelFile file) {
    this.file = file;
  }

  /** Whether the file names any; a bare decoder's may not. */
  boolean areKnown() {
    return file.number(TOKENS + "start_content").isPresent();
  }

  /** For recognition: its answer is the text. */
  int[] transcribe(int[] glm, int[] semantic) {
    return join(single("start_glm"), codes("glm", glm), single("end_glm"), single("start_semantic"), codes("semantic", semantic),
        single("end_semantic"), single("start_content"));
  }

  /** For speech: its answer are semantic tokens. */
  int[] speak(int[] voice, int[] text) {
    return join(single("start_global"), codes("global", voice), single("end_global"), single("start_content"), text, single("end_content"));
  }

  /** Ids below this one are text. */
  int textCount() {
    return number("text_count");
  }

  private int[] single(String name) {
    return new int[] {number(name)};
  }

  private int[] codes(String kind, int[] codes) {
    int first = number(kind + ".first");
    return IntStream.of(codes).map(code -> first + code).toArray();
  }

  private int number(String name) {
    return (int) file.number(TOKENS + name, 0);
  }

  private static int[] join(int[]... parts) {
    return IntStream.range(0, parts.length).flatMap(i -> IntStream.of(parts[i])).toArray();
  }
}
