package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import io.gpa4j.ModelFile;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.checkpoint.GgufStore;
import io.gpa4j.gguf.GgufMetadata;
import io.gpa4j.gguf.GgufTensor;
import io.gpa4j.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Writes the decoder of a model file as a plain {@code qwen3} or {@code qwen2} GGUF that llama.cpp loads. */
public final class LlamaExporter {
  private static final String END_OF_ANSWER = "gpa.tokens.end_of_answer";
  private static final List<String> ARCHITECTURES = List.of("qwen3", "qwen2");
  private static final String PADDING = "<|endoftext|>";
  // What a file is called whose matrices are mostly of a type; of Q4_K and Q5_K only mixes have names.
  private static final Map<ElementType, Recipe> FILE_TYPES = Map.of(ElementType.Q4_K, Recipe.Q4_K_M, ElementType.Q5_K, Recipe.Q5_K_M);

  private LlamaExporter() {}

  /**
   * Exports a decoder with its text tokenizer. Bytes of tensors are copied as they are.
   *
   * @param source a model file
   * @param target the file to write; replaced if it is there
   * @param listener hears how it goes on
   * @return what was written
   * @throws io.gpa4j.GpaIoException if a file cannot be read or written
   * @throws io.gpa4j.ModelFormatException if the source is not well-formed
   * @throws io.gpa4j.UnsupportedModelException if it is no GPA model, or its text tokenizer is none of llama.cpp's
   * @throws io.gpa4j.CancelledException if the thread was interrupted
   */
  public static ConversionReport export(Path source, Path target, ConversionListener listener) {
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(listener, "listener");
    try (GgufStore store = GgufStore.open(source)) {
      GgufModel model = GgufModel.of(store);
      List<Mapping> rows = new ArrayList<>();
      List<GgufTensor> tensors = new ArrayList<>();
      for (ModelFile.TensorInfo tensor : store.file().tensors()) {
        if (tensor.name().startsWith(LlamaDecoder.PREFIX)) {
          if (store.type(tensor.name()) == ElementType.I32) {
            throw new UnsupportedModelException(store.label() + ": tensor '" + tensor.name() + "' is of type I32; weights are floats or quantised");
          }
          String name = tensor.name().substring(LlamaDecoder.PREFIX.length());
          rows.add(new Mapping(List.of(tensor.name()), name, tensor.shape(), Transforms.bytes(store, tensor.name())));
          tensors.add(new GgufTensor(name, store.type(tensor.name()), tensor.shape()));
        }
      }
      GgufMetadata metadata = metadata(model, tensors, listener);
      long bytes = ModelWriter.write(GgufWriter.createDefaultAligned(target, metadata, tensors), rows, tensors, null,
          ConversionOptions.defaultThreads(), listener);
      return new ConversionReport(target, bytes, List.of("decoder"), tensors.size(), 0, List.of());
    }
  }

  private static GgufMetadata metadata(GgufModel model, List<GgufTensor> tensors, ConversionListener listener) {
    String architecture = model.values().text("gpa.decoder.architecture");
    if (!ARCHITECTURES.contains(architecture)) {
      throw new UnsupportedModelException(model.path() + ": 'gpa.decoder.architecture' is " + architecture + ", expected one of " + ARCHITECTURES);
    }
    GgufMetadata metadata = new GgufMetadata().string("general.architecture", architecture);
    for (String key : List.of("general.name", "general.license", "general.source")) {
      if (model.values().has(key)) {
        metadata.string(key, model.values().text(key));
      }
    }
    metadata.u32(ModelCard.FILE_TYPE, fileType(tensors)).u32("general.quantization_version", 2);
    String prefix = architecture + ".";
    metadata.u32(prefix + "context_length", model.values().integer("gpa.decoder.context_length"));
    new TreeMap<>(LlamaDecoder.INTEGERS).forEach((ours, theirs) -> metadata.u32(prefix + theirs, model.values().integer("gpa.decoder." + ours)));
    new TreeMap<>(LlamaDecoder.FLOATS).forEach((ours, theirs) -> metadata.f32(prefix + theirs, model.values().number("gpa.decoder." + ours)));
    metadata.u32(prefix + "attention.value_length", model.values().integer("gpa.decoder.head_dim"))
        .u32(prefix + "rope.dimension_count", model.values().integer("gpa.decoder.head_dim"));
    writeTokens(metadata, model, listener);
    return metadata;
  }

  private static void writeTokens(GgufMetadata metadata, GgufModel model, ConversionListener listener) {
    LlamaVocabulary vocabulary = LlamaDecoder.vocabulary(model);
    if (!vocabulary.cutsAsQwen2()) {
      listener.warned("the text tokenizer does not cut texts as Qwen2's: llama.cpp may give other tokens");
    }
    vocabulary.write(metadata);
    long end = model.values().has(END_OF_ANSWER) ? model.values().integer(END_OF_ANSWER) : -1;
    long padding = vocabulary.id(PADDING) >= 0 ? vocabulary.id(PADDING) : end;
    if (end >= 0) {
      metadata.u32("tokenizer.ggml.eos_token_id", end);
    }
    if (padding >= 0) {
      metadata.u32("tokenizer.ggml.padding_token_id", padding);
    }
    metadata.bool("tokenizer.ggml.add_bos_token", false);
  }

  // By the type that most weights of the blocks have.
  private static long fileType(List<GgufTensor> tensors) {
    Map<ElementType, Long> elements = new EnumMap<>(ElementType.class);
    tensors.stream().filter(tensor -> tensor.name().startsWith("blk.")).forEach(tensor -> elements.merge(tensor.type(), tensor.elements(), Long::sum));
    ElementType most = elements.entrySet().stream().max(Comparator.comparingLong(Map.Entry::getValue)).map(Map.Entry::getKey).orElse(ElementType.F32);
    return FILE_TYPES.containsKey(most) ? FILE_TYPES.get(most).fileType() : Recipe.of(most).fileType();
  }
}
