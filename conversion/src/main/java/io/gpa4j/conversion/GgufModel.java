package io.gpa4j.conversion;

import io.gpa4j.ModelFile;
import io.gpa4j.ModelFormatException;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.checkpoint.GgufStore;
import io.gpa4j.gguf.GgufMetadata;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;

/** A GPA model file as a source of others. */
final class GgufModel {
  /** Key of the text tokenizer. */
  static final String TOKENIZER = "tokenizer.huggingface.json";
  /** The decoder's embedding. */
  static final String EMBEDDING = "decoder.token_embd.weight";

  private static final String ARCHITECTURE = "general.architecture";
  private static final String ALIGNMENT = "general.alignment";
  private static final String VOCABULARY = "gpa.decoder.vocab_size";
  private static final String NETWORKS = "gpa.networks";

  private final ModelFile file;
  private final GgufValues values;

  private GgufModel(ModelFile file) {
    this.file = file;
    this.values = new GgufValues(file);
  }

  /** Of an open file; {@link UnsupportedModelException} if it is another model. */
  static GgufModel of(GgufStore store) {
    GgufModel model = new GgufModel(store.file());
    String architecture = model.values.text(ARCHITECTURE);
    if (!architecture.equals("gpa")) {
      throw new UnsupportedModelException(store.label() + ": '" + ARCHITECTURE + "' is " + architecture + ", no model file of gpa4j (gpa)");
    }
    return model;
  }

  /** Where it lies. */
  Path path() {
    return file.path();
  }

  /** Its metadata. */
  GgufValues values() {
    return values;
  }

  /** The networks that it holds. */
  List<String> networks() {
    return LongStream.range(0, values.countOfTexts(NETWORKS)).mapToObj(i -> values.text(NETWORKS, i)).toList();
  }

  /** What its card says of the weights' types; empty: nothing. */
  String weights() {
    return values.has(ModelCard.DESCRIPTION) ? ModelCard.weights(values.text(ModelCard.DESCRIPTION)) : "";
  }

  /** Its metadata for a file of the same. */
  GgufMetadata metadata() {
    return metadata(fileType(), null);
  }

  /** GGUF's number of the mix of its weights' types; 0 where it says nothing. */
  long fileType() {
    return values.has(ModelCard.FILE_TYPE) ? values.integer(ModelCard.FILE_TYPE) : 0;
  }

  /** Rows of the decoder's embedding, which is what its vocabulary has; {@link ModelFormatException} if the metadata says otherwise. */
  int vocabulary() {
    ModelFile.TensorInfo embedding = file.tensors().stream().filter(tensor -> tensor.name().equals(EMBEDDING)).findFirst()
        .orElseThrow(() -> new ModelFormatException(file.path() + ": tensor '" + EMBEDDING + "' is missing"));
    long size = values.integer(VOCABULARY);
    if (embedding.shape().size() != 2 || embedding.shape().get(0) != size || size > Integer.MAX_VALUE) {
      throw new ModelFormatException(file.path() + ": tensor '" + EMBEDDING + "' has shape " + embedding.shape() + ", and '" + VOCABULARY
          + "' is " + size + ": a row a token is expected");
    }
    return (int) size;
  }

  /**
   * Its metadata for a file that holds the same but for the types of the weights.
   *
   * @param fileType GGUF's number of the mix
   * @param weights what the card shall say of them; null: what it says
   */
  GgufMetadata metadata(long fileType, String weights) {
    GgufMetadata metadata = new GgufMetadata();
    for (ModelFile.Value value : file.values()) {
      String key = value.key();
      if (key.equals(ModelCard.FILE_TYPE)) {
        metadata.u32(key, fileType);
      } else if (key.equals(ModelCard.DESCRIPTION) && weights != null) {
        metadata.string(key, ModelCard.describe(values.text(key), weights));
      } else if (!key.equals(ALIGNMENT)) { // which is the writer's
        metadata.copy(file, value);
      }
    }
    return metadata;
  }
}
