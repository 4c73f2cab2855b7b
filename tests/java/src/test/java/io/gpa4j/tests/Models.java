package io.gpa4j.tests;

import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.Converter;
import io.gpa4j.conversion.QuantizeOptions;
import io.gpa4j.conversion.Quantizer;
import io.gpa4j.conversion.Recipe;
import io.gpa4j.conversion.WeightTypes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Model files for tests, each made once. */
final class Models {
  private static final Map<String, Path> MADE = new HashMap<>();

  private Models() {}

  /** The goldens' checkpoint by a recipe ("f32", "q4_k_m" …). */
  static synchronized Path goldens(String recipe) {
    return MADE.computeIfAbsent("goldens-" + recipe, name -> convert(Project.goldens().resolve("checkpoint"), name, recipe));
  }

  /** The goldens' decoder and text tokenizer alone. */
  static synchronized Path decoderAlone() {
    return MADE.computeIfAbsent("decoder-f32", name -> {
      Path folder = Project.work().resolve("decoder-checkpoint");
      try {
        Files.createDirectories(folder);
        for (String file : List.of("config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
            "added_tokens.json", "vocab.json", "merges.txt")) {
          Path source = Project.goldens().resolve("checkpoint").resolve(file);
          Files.copy(source, folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return convert(folder, name, "f32");
    });
  }

  /** The demo model with its weights by another recipe. */
  static synchronized Path demo(String recipe) {
    return MADE.computeIfAbsent("demo-" + recipe, name -> {
      Path file = Project.work().resolve(name + ".gguf");
      Quantizer.quantize(Project.demoModel(), file, QuantizeOptions.of(WeightTypes.of(Recipe.of(recipe))), ConversionListener.NONE);
      return file;
    });
  }

  private static Path convert(Path checkpoint, String name, String recipe) {
    Path file = Project.work().resolve(name + ".gguf");
    Converter.convert(checkpoint, file, ConversionOptions.of(Recipe.of(recipe)), ConversionListener.NONE);
    return file;
  }
}
