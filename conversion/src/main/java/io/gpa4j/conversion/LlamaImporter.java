package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import io.gpa4j.ModelFile;
import io.gpa4j.ModelFormatException;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.checkpoint.GgufStore;
import io.gpa4j.gguf.GgufMetadata;
import io.gpa4j.gguf.GgufTensor;
import io.gpa4j.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Puts a decoder from a {@code qwen3} or {@code qwen2} GGUF, quantised by llama.cpp for example, in the place of a model file's own. All
 * else stays the model's: metadata, text tokenizer, audio networks.
 */
public final class LlamaImporter {
  private static final String HEAD = "output.weight";
  private static final double CLOSE = 1e-6;

  private final GgufStore decoder;
  private final GgufStore store;
  private final GgufModel model;
  private final GgufValues values;
  private final Map<String, ModelFile.TensorInfo> given = new HashMap<>();
  private final List<Mapping> rows = new ArrayList<>();
  private final List<GgufTensor> tensors = new ArrayList<>();
  private boolean sameTypes = true;

  private LlamaImporter(GgufStore decoder, GgufStore store) {
    this.decoder = decoder;
    this.store = store;
    this.model = GgufModel.of(store);
    this.values = new GgufValues(decoder.file());
    decoder.file().tensors().forEach(tensor -> given.put(tensor.name(), tensor));
  }

  /**
   * Imports a decoder.
   *
   * @param decoder the decoder's GGUF
   * @param model the model file that it belongs to
   * @param target the model file to write; replaced if it is there, and it may be the model
   * @param listener hears how it goes on
   * @return what was written
   * @throws io.gpa4j.GpaIoException if a file cannot be read or written
   * @throws ModelFormatException if a file is not well-formed, or the decoder is not the model's: another shape, other tokens
   * @throws UnsupportedModelException if the engine does not compute with a tensor's type, or the model is no GPA model
   * @throws io.gpa4j.CancelledException if the thread was interrupted
   */
  public static ConversionReport importDecoder(Path decoder, Path model, Path target, ConversionListener listener) {
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(listener, "listener");
    try (GgufStore from = GgufStore.open(decoder); GgufStore into = GgufStore.open(model)) {
      LlamaImporter importer = new LlamaImporter(from, into);
      importer.checkMetadata();
      importer.checkTokens();
      importer.plan();
      long bytes = ModelWriter.write(GgufWriter.create(target, importer.metadata(), importer.tensors), importer.rows, importer.tensors, null,
          ConversionOptions.defaultThreads(), listener);
      return new ConversionReport(target, bytes, importer.model.networks(), importer.tensors.size(), 0, List.of());
    }
  }

  private void checkMetadata() {
    String architecture = values.text("general.architecture");
    if (!architecture.equals(model.values().text("gpa.decoder.architecture"))) {
      throw wrong("'general.architecture' is " + architecture + ", the model's decoder is " + model.values().text("gpa.decoder.architecture"));
    }
    LlamaDecoder.INTEGERS.forEach((ours, theirs) -> check(architecture + "." + theirs, model.values().integer("gpa.decoder." + ours), 0));
    LlamaDecoder.FLOATS.forEach((ours, theirs) -> check(architecture + "." + theirs, model.values().number("gpa.decoder." + ours), CLOSE));
  }

  // What a file leaves out has no other place to be wrong in than the tensors' shapes.
  private void check(String key, double want, double tolerance) {
    values.optionalNumber(key).ifPresent(got -> {
      if (!(Math.abs(got - want) <= tolerance * Math.abs(want))) {
        throw wrong("'" + key + "' is " + plain(got) + ", the model's decoder has " + plain(want));
      }
    });
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf((float) number);
  }

  private void checkTokens() {
    if (!values.has(LlamaDecoder.TOKENS)) {
      return;
    }
    long count = values.countOfTexts(LlamaDecoder.TOKENS);
    int size = model.vocabulary();
    if (count != size) {
      throw wrong("holds " + count + " tokens, the model's vocabulary has " + size);
    }
    LlamaVocabulary vocabulary = LlamaDecoder.vocabulary(model);
    for (int id = 0; id < size; id++) {
      String got = values.text(LlamaDecoder.TOKENS, id);
      if (vocabulary.isUsed(id) && !got.equals(vocabulary.token(id))) {
        throw wrong("token " + id + " is '" + got + "', the model's is '" + vocabulary.token(id) + "'");
      }
    }
  }

  private void plan() {
    for (ModelFile.TensorInfo tensor : store.file().tensors()) {
      if (!tensor.name().startsWith(LlamaDecoder.PREFIX)) {
        add(tensor.name(), tensor, store);
        continue;
      }
      String name = tensor.name().substring(LlamaDecoder.PREFIX.length());
      ModelFile.TensorInfo found = given.remove(name);
      if (found == null) {
        throw wrong("tensor '" + name + "' is missing, expected with shape " + tensor.shape());
      }
      take(tensor.name(), found, tensor.shape());
    }
    // A head of its own is welcome where the model's is the embedding.
    ModelFile.TensorInfo head = given.remove(HEAD);
    if (head != null) {
      take(LlamaDecoder.PREFIX + HEAD, head, store.file().tensors().stream()
          .filter(tensor -> tensor.name().equals(GgufModel.EMBEDDING)).findFirst()
          .orElseThrow(() -> new ModelFormatException(store.label() + ": tensor '" + GgufModel.EMBEDDING + "' is missing")).shape());
    }
    if (!given.isEmpty()) {
      throw wrong("tensor '" + given.keySet().iterator().next() + "' has no place in the model's decoder");
    }
  }

  private void take(String target, ModelFile.TensorInfo tensor, List<Long> shape) {
    if (!tensor.shape().equals(shape)) {
      throw wrong("tensor '" + tensor.name() + "' has shape " + tensor.shape() + ", the model's has " + shape);
    }
    ElementType type = decoder.type(tensor.name());
    boolean weight = ModelPart.of(target, 0, 1) != null;
    if (weight ? type == ElementType.I32 : type != ElementType.F32) {
      throw new UnsupportedModelException(decoder.label() + ": tensor '" + tensor.name() + "' is of type " + type + "; "
          + (weight ? "weights are floats or quantised" : "it must be F32"));
    }
    sameTypes &= store.tensors().containsKey(target) && store.type(target) == type;
    add(target, tensor, decoder);
  }

  private void add(String target, ModelFile.TensorInfo tensor, GgufStore from) {
    rows.add(new Mapping(List.of(tensor.name()), target, tensor.shape(), Transforms.bytes(from, tensor.name())));
    tensors.add(new GgufTensor(target, from.type(tensor.name()), tensor.shape()));
  }

  private GgufMetadata metadata() {
    if (sameTypes) {
      return model.metadata();
    }
    String before = model.weights();
    return model.metadata(model.fileType(), before + (before.isEmpty() ? "" : ", ") + "decoder imported");
  }

  private ModelFormatException wrong(String what) {
    return new ModelFormatException(decoder.label() + ": " + what);
  }
}
