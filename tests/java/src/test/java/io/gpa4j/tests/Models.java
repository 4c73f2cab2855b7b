package io.gpa4j.tests;

import io.gpa4j.ElementType;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.Converter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Model files for tests, each made once. */
final class Models {
  private static final Map<String, Path> MADE = new HashMap<>();

  private Models() {}

  /** The goldens' checkpoint, its matrices of type "f32", "f16" or "bf16". */
  static synchronized Path goldens(String type) {
    return MADE.computeIfAbsent("goldens-" + type, name -> convert(Project.goldens().resolve("checkpoint"), name, type));
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

  /** The demo model with its half-precision matrices as another type. */
  static synchronized Path demo(String type) {
    return MADE.computeIfAbsent("demo-" + type, name -> {
      Gguf file = Gguf.read(Project.demoModel());
      ElementType to = ElementType.valueOf(type.toUpperCase(Locale.ROOT));
      file.tensors.replaceAll((tensor, content) -> retyped(content, to));
      return Wav.write(Project.work().resolve(name + ".gguf"), file.bytes());
    });
  }

  private static Gguf.Tensor retyped(Gguf.Tensor tensor, ElementType to) {
    ElementType from = tensor.type() == ElementType.F16.id() ? ElementType.F16 : ElementType.BF16;
    if (tensor.type() != from.id()) {
      return tensor;
    }
    int count = tensor.data().length / from.blockBytes();
    ByteBuffer source = ByteBuffer.allocateDirect(tensor.data().length).order(ByteOrder.LITTLE_ENDIAN).put(tensor.data()).flip();
    ByteBuffer target = ByteBuffer.allocateDirect(Math.toIntExact(to.bytes(count))).order(ByteOrder.LITTLE_ENDIAN);
    from.convert(source, to, target, count);
    byte[] data = new byte[target.capacity()];
    target.get(data);
    return new Gguf.Tensor(to.id(), tensor.dims(), data);
  }

  private static Path convert(Path checkpoint, String name, String type) {
    Path file = Project.work().resolve(name + ".gguf");
    ConversionOptions options = ConversionOptions.of(ElementType.valueOf(type.toUpperCase(Locale.ROOT)));
    Converter.convert(checkpoint, file, options, ConversionListener.NONE);
    return file;
  }
}
