package io.gpa4j.quality;

import io.gpa4j.Gpa;
import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFile;
import io.gpa4j.Precision;
import io.gpa4j.checkpoint.GgufStore;
import io.gpa4j.conversion.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** A model that takes part in a comparison: its file and its engine. */
final class OpenModel implements AutoCloseable {
  private static final String FILE_TYPE = "general.file_type";
  private static final String NETWORKS = "gpa.networks";

  private final Path path;
  private final GgufStore store;
  private final Gpa gpa;
  private final Set<String> parts = new HashSet<>();

  private OpenModel(Path path, GgufStore store, Gpa gpa) {
    this.path = path;
    this.store = store;
    this.gpa = gpa;
    store.file().values().stream().filter(value -> value.key().equals(NETWORKS)).findFirst().ifPresent(value -> {
      for (long i = 0; i < value.count(); i++) {
        parts.add(store.file().text(NETWORKS, i));
      }
    });
  }

  /** Opens one. Throws as {@link GgufStore#open} and {@link Gpa.Builder#build} do. */
  static OpenModel open(Path path, Precision precision, int threads) {
    GgufStore store = GgufStore.open(path);
    Gpa gpa = null;
    OpenModel model = null;
    try {
      gpa = Gpa.builder(path).precision(precision).threads(threads).build();
      model = new OpenModel(path, store, gpa);
      return model;
    } finally {
      if (model == null) {
        close(store, gpa);
      }
    }
  }

  private static void close(GgufStore store, Gpa gpa) {
    try (store) {
      if (gpa != null) {
        gpa.close();
      }
    }
  }

  Path path() {
    return path;
  }

  /** Its name among other files. */
  String name() {
    return path.getFileName().toString();
  }

  GgufStore store() {
    return store;
  }

  ModelFile file() {
    return store.file();
  }

  Gpa gpa() {
    return gpa;
  }

  /** Whether {@code gpa.networks} names a part. */
  boolean holds(String part) {
    return parts.contains(part);
  }

  /** The mix of types that the file names; empty if none that is known. */
  String type() {
    double number = file().number(FILE_TYPE).orElse(-1);
    return Arrays.stream(Recipe.values()).filter(recipe -> recipe.fileType() == number).map(Recipe::label).findFirst().orElse("");
  }

  /** Size of the file. */
  long bytes() {
    try {
      return Files.size(path);
    } catch (IOException e) {
      throw new GpaIoException(path + ": cannot be read: " + e, e);
    }
  }

  @Override
  public void close() {
    close(store, gpa);
  }
}
