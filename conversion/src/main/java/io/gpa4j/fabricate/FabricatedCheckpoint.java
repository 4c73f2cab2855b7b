package io.gpa4j.fabricate;

import io.gpa4j.GpaIoException;
import io.gpa4j.checkpoint.Checkpoint;
import io.gpa4j.checkpoint.TensorStore;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A checkpoint in the published layout that lies nowhere: its weights are random numbers made when they are read, the same for the same
 * shape and seed. They keep activations in a healthy range, but say nothing. Thread-safe.
 */
public final class FabricatedCheckpoint implements Checkpoint {
  private static final String GLM = "glm-4-voice-tokenizer";
  private static final String CODEC = "BiCodec";
  private static final String WAV2VEC2 = "BiCodec/wav2vec2-large-xlsr-53";

  private final ModelShape shape;
  private final long seed;
  private final Map<String, Supplier<byte[]>> files = new LinkedHashMap<>();
  private final Map<String, TensorPlan> plans = new LinkedHashMap<>();

  /** Describes one; nothing large is made yet. */
  public FabricatedCheckpoint(ModelShape shape, long seed) {
    this.shape = Objects.requireNonNull(shape, "shape");
    this.seed = seed;
    NetworkTensors.decoder(plan(""), shape.decoder());
    BiCodecTensors.add(plan(CODEC), shape.codec());
    NetworkTensors.wav2vec2(plan(WAV2VEC2), shape.wav2vec2());
    NetworkTensors.glm(plan(GLM), shape.glm());
    files.put("config.json", () -> ConfigFiles.decoder(shape));
    files.put("generation_config.json", () -> ConfigFiles.generation(shape));
    files.put("tokenizer.json", () -> tokenizer().tokenizer());
    files.put("tokenizer_config.json", () -> tokenizer().config());
    files.put("added_tokens.json", () -> tokenizer().addedTokens());
    files.put("vocab.json", () -> tokenizer().vocab());
    files.put("merges.txt", () -> tokenizer().mergeLines());
    files.put(CODEC + "/config.yaml", () -> ConfigFiles.codec(shape.codec()));
    files.put(WAV2VEC2 + "/config.json", () -> ConfigFiles.wav2vec2(shape.wav2vec2()));
    files.put(WAV2VEC2 + "/preprocessor_config.json", ConfigFiles::wav2vec2Preprocessor);
    files.put(GLM + "/config.json", () -> ConfigFiles.glm(shape.glm()));
    files.put(GLM + "/preprocessor_config.json", ConfigFiles::glmPreprocessor);
  }

  private TensorPlan plan(String folder) {
    TensorPlan plan = new TensorPlan(folder.isEmpty() ? "model.safetensors" : folder + "/model.safetensors", seed);
    plans.put(folder, plan);
    return plan;
  }

  private TokenizerFiles tokenizer() {
    return new TokenizerFiles(shape.tokens());
  }

  /** Paths of all files but the weights. */
  List<String> files() {
    return List.copyOf(files.keySet());
  }

  /** Folders that hold weights. */
  List<String> folders() {
    return List.copyOf(plans.keySet());
  }

  @Override
  public String name() {
    return shape.name() + "-fabricated-" + seed;
  }

  @Override
  public String describe(String path) {
    return name() + "/" + path;
  }

  @Override
  public boolean has(String path) {
    return files.containsKey(path);
  }

  @Override
  public byte[] read(String path) {
    Supplier<byte[]> file = files.get(path);
    if (file == null) {
      throw new GpaIoException(describe(path) + ": a fabricated checkpoint has no such file");
    }
    return file.get();
  }

  @Override
  public boolean hasTensors(String folder) {
    return plans.containsKey(folder);
  }

  @Override
  public TensorStore openTensors(String folder) {
    TensorPlan plan = plans.get(folder);
    if (plan == null) {
      throw new GpaIoException(describe(folder) + ": a fabricated checkpoint has no weights there");
    }
    return plan;
  }

  /** The weights by folder, for reading only. */
  Map<String, TensorPlan> plans() {
    return Collections.unmodifiableMap(plans);
  }
}
