package io.gpa4j.tests.fuzz;

import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.Importance;
import io.gpa4j.conversion.LlamaExporter;
import io.gpa4j.conversion.LlamaImporter;
import io.gpa4j.conversion.QuantizeOptions;
import io.gpa4j.conversion.Quantizer;
import io.gpa4j.conversion.Recipe;
import io.gpa4j.conversion.WeightTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What makes files of GGUF files: quantisation, and the decoder's way to llama.cpp and back. */
final class QuantizeTargets {
  private static final int WRITTEN = 16;

  /** All is read and planned: only one input in so many is also written, which takes threads and buffers. */
  private static final class Planned extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Planned() {
      super(null, null, false, false);
    }
  }

  private interface Work {
    void run(ConversionListener listener);
  }

  private QuantizeTargets() {}

  static Target importance(Path folder) {
    Path model = folder.resolve("unmeasured.gguf");
    Path made = folder.resolve("measured.gguf");
    List<String> words = words(".in_sum2", ".counts", "token_embd.weight", "decoder.");
    return new FileTarget("importance", folder.resolve("imatrix.gguf"), () -> {
      Targets.write(model, SmallModel.quantizable().bytes());
      return List.of(SmallModel.importance().bytes(), ModelEdits.SEED);
    }, words, 2 << 20, file -> {
      Importance importance = Importance.read(file);
      try {
        planned(file, listener -> Quantizer.quantize(model, made,
            new QuantizeOptions(new WeightTypes(Recipe.Q4_0, null, List.of(), importance), true, 1), listener));
      } catch (IllegalArgumentException e) {
        // The file is well-formed, and of another model: the argument is wrong.
        if (!e.getMessage().contains("says nothing of any weight")) {
          throw e;
        }
      }
    }).holding(input -> ModelEdits.file(input, SmallModel.importance()));
  }

  static Target quantize(Path folder) {
    Path made = folder.resolve("quantized.gguf");
    QuantizeOptions options = new QuantizeOptions(WeightTypes.of(Recipe.Q4_0), true, 1);
    return new FileTarget("quantize", folder.resolve("float.gguf"), () -> List.of(SmallModel.quantizable().bytes(), ModelEdits.SEED),
        words("gpa", "decoder.", "blk.0."), 3 << 20, file -> planned(file, listener -> Quantizer.quantize(file, made, options, listener)))
        .holding(input -> ModelEdits.file(input, SmallModel.quantizable()));
  }

  static Target importLlama(Path folder) {
    Path model = folder.resolve("own.gguf");
    Path made = folder.resolve("imported.gguf");
    return new FileTarget("llama", folder.resolve("llama.gguf"), () -> {
      Targets.write(model, SmallModel.decoder().bytes());
      return List.of(SmallModel.llama().bytes(), ModelEdits.SEED);
    }, words("qwen3.", "tokenizer.ggml.tokens", "output.weight"), 3 << 20,
        file -> planned(file, listener -> LlamaImporter.importDecoder(file, model, made, listener)))
        .holding(input -> ModelEdits.file(input, SmallModel.llama()));
  }

  static Target exportLlama(Path folder) {
    Path made = folder.resolve("exported.gguf");
    return new FileTarget("export", folder.resolve("exporting.gguf"), () -> List.of(SmallModel.decoder().bytes(), ModelEdits.SEED),
        words("gpa", "decoder.", "qwen2", "\"merges\":[", "\"vocab\":{", "\"added_tokens\":["), 3 << 20,
        file -> planned(file, listener -> LlamaExporter.export(file, made, listener)))
        .holding(input -> ModelEdits.file(input, SmallModel.decoder()));
  }

  private static void planned(Path input, Work work) throws IOException {
    boolean written = Files.size(input) % WRITTEN == 0;
    try {
      work.run(written ? ConversionListener.NONE : new ConversionListener() {
        @Override
        public void started(int tensors, long bytes) {
          throw new Planned();
        }
      });
    } catch (Planned e) {
      // All of it was read.
    }
  }

  private static List<String> words(String... more) {
    return Stream.concat(Targets.GGUF.stream(), Stream.of(more)).toList();
  }
}
