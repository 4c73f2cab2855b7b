package io.gpa4j.checkpoint;

import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Tensors spread over several files beside an index file, whose {@code weight_map} says which file holds which tensor. */
final class ShardedStore implements TensorStore {
  private static final long MAX_INDEX_BYTES = 1 << 24;

  private final Path index;
  private final Map<String, TensorStore> shards;
  private final Map<String, StoredTensor> tensors;

  private ShardedStore(Path index, Map<String, TensorStore> shards, Map<String, StoredTensor> tensors) {
    this.index = index;
    this.shards = shards;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  static ShardedStore open(Path index, Function<Path, ? extends TensorStore> opener) {
    Map<String, Object> map = weightMap(index);
    Map<String, TensorStore> shards = new LinkedHashMap<>();
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    boolean opened = false;
    try {
      map.forEach((tensor, shard) -> {
        if (!(shard instanceof String name) || name.isBlank() || name.contains("/") || name.contains("\\") || name.equals("..")) {
          throw new ModelFormatException(index + ": weight_map of '" + tensor + "' is " + Settings.shown(shard) + ", expected a file name");
        }
        TensorStore store = shards.computeIfAbsent(name, n -> opener.apply(sibling(index, n)));
        StoredTensor found = store.tensors().get(tensor);
        if (found == null) {
          throw new ModelFormatException(store.label() + ": tensor '" + tensor + "' is missing; " + index.getFileName() + " places it there");
        }
        tensors.put(tensor, found);
      });
      opened = true;
      return new ShardedStore(index, shards, tensors);
    } finally {
      if (!opened) {
        shards.values().forEach(TensorStore::close);
      }
    }
  }

  private static Path sibling(Path index, String name) {
    try {
      return index.resolveSibling(name);
    } catch (InvalidPathException e) {
      throw new ModelFormatException(index + ": '" + name + "' can be no file's name", e);
    }
  }

  private static Map<String, Object> weightMap(Path index) {
    try {
      if (Files.size(index) > MAX_INDEX_BYTES) {
        throw new ModelFormatException(index + ": " + Files.size(index) + " bytes; at most " + MAX_INDEX_BYTES + " are expected here");
      }
      return Settings.json(index.toString(), Files.readAllBytes(index)).section("weight_map").values();
    } catch (IOException e) {
      throw new GpaIoException(index + ": cannot be read: " + e, e);
    }
  }

  @Override
  public String label() {
    return index.toString();
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    shards.values().forEach(TensorStore::close);
  }
}
