package io.gpa4j.conversion;

import io.gpa4j.ModelFile;
import io.gpa4j.ModelFormatException;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.checkpoint.GgufStore;
import io.gpa4j.gguf.GgufMetadata;
import java.util.ArrayList;
import java.util.List;

/** A GPA model file as a source of others. */
final class GgufModel {
  private static final String ARCHITECTURE = "general.architecture";
  private static final String ALIGNMENT = "general.alignment";
  private static final String NETWORKS = "gpa.networks";

  private final ModelFile file;

  private GgufModel(ModelFile file) {
    this.file = file;
  }

  /** Of an open file; {@link UnsupportedModelException} if it is another model. */
  static GgufModel of(GgufStore store) {
    GgufModel model = new GgufModel(store.file());
    String architecture = model.text(ARCHITECTURE);
    if (!architecture.equals("gpa")) {
      throw new UnsupportedModelException(store.label() + ": '" + ARCHITECTURE + "' is " + architecture + "; only model files of gpa4j (gpa) are taken");
    }
    return model;
  }

  /** The networks that it holds. */
  List<String> networks() {
    List<String> networks = new ArrayList<>();
    for (long i = 0; i < value(NETWORKS).count(); i++) {
      networks.add(file.text(NETWORKS, i));
    }
    return networks;
  }

  /** A string that must be there. */
  String text(String key) {
    value(key);
    return file.text(key, 0);
  }

  /** A number that must be there. */
  double number(String key) {
    value(key);
    return file.number(key, 0);
  }

  /** An integer that must be there. */
  long integer(String key) {
    return (long) number(key);
  }

  boolean has(String key) {
    return file.values().stream().anyMatch(value -> value.key().equals(key));
  }

  private ModelFile.Value value(String key) {
    return file.values().stream().filter(value -> value.key().equals(key)).findFirst()
        .orElseThrow(() -> new ModelFormatException(file.path() + ": metadata '" + key + "' is missing"));
  }

  /** Its metadata for a file that holds the same but for the types of the weights. */
  GgufMetadata metadata(long fileType, String weights) {
    GgufMetadata metadata = new GgufMetadata();
    for (ModelFile.Value value : file.values()) {
      switch (value.key()) {
        case ModelCard.FILE_TYPE -> metadata.u32(value.key(), fileType);
        case ModelCard.DESCRIPTION -> metadata.string(value.key(), ModelCard.describe(file.text(value.key(), 0), weights));
        case ALIGNMENT -> { } // the writer's
        default -> metadata.copy(file, value);
      }
    }
    return metadata;
  }
}
