package io.gpa4j.conversion;

import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.Checkpoint;
import io.gpa4j.checkpoint.Settings;
import io.gpa4j.checkpoint.TensorStore;
import io.gpa4j.gguf.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a model file will hold: metadata and the rows that make its tensors. Everything that can be checked before writing is. */
final class ModelPlan implements AutoCloseable {
  private static final String CODEC = "BiCodec";
  private static final String WAV2VEC2 = "BiCodec/wav2vec2-large-xlsr-53";
  private static final String GLM = "glm-4-voice-tokenizer";

  private final Checkpoint checkpoint;
  private final ConversionOptions options;
  private final GgufMetadata metadata = new GgufMetadata();
  private final List<String> networks = new ArrayList<>();
  private final List<Mapping> mappings = new ArrayList<>();
  private final List<TensorStore> stores = new ArrayList<>();
  private final List<String> unknown = new ArrayList<>();
  private int dropped;

  private ModelPlan(Checkpoint checkpoint, ConversionOptions options) {
    this.checkpoint = checkpoint;
    this.options = options;
  }

  /** Reads configurations and tensor lists. */
  static ModelPlan read(Checkpoint checkpoint, ConversionOptions options) {
    ModelPlan plan = new ModelPlan(checkpoint, options);
    boolean complete = false;
    try {
      plan.read();
      complete = true;
      return plan;
    } finally {
      if (!complete) {
        plan.close();
      }
    }
  }

  GgufMetadata metadata() {
    return metadata;
  }

  List<String> networks() {
    return networks;
  }

  List<Mapping> mappings() {
    return mappings;
  }

  int dropped() {
    return dropped;
  }

  List<String> unknown() {
    return unknown;
  }

  @Override
  public void close() {
    stores.forEach(TensorStore::close);
  }

  // Configurations first: they are small, the tokenizer is not.
  private void read() {
    DecoderShape decoder = DecoderShape.read(json("config.json"));
    boolean audio = checkpoint.has(CODEC + "/config.yaml") || checkpoint.has(GLM + "/config.json") || checkpoint.has(WAV2VEC2 + "/config.json");
    AudioShapes shapes = audio ? readAudioShapes() : null;
    networks.addAll(audio ? List.of("decoder", "glm", "wav2vec2", "codec", "speaker") : List.of("decoder"));
    ModelCard.read(checkpoint, options).write(metadata, decoder, networks);
    decoder.write(metadata);
    long endOfSequence = endOfSequence();
    writeSampling();
    byte[] tokenizer = checkpoint.read("tokenizer.json");
    TokenLayout tokens = TokenLayout.read(checkpoint.describe("tokenizer.json"), tokenizer);
    tokens.write(metadata, decoder.vocab(), audio, endOfSequence);
    add("decoder", "", store -> TensorTable.decoder(store, decoder));
    if (audio) {
      addAudio(tokens, shapes);
    }
    metadata.utf8("tokenizer.huggingface.json", tokenizer);
  }

  private record AudioShapes(GlmShape glm, Wav2vec2Shape wav2vec2, CodecShape codec) {}

  private AudioShapes readAudioShapes() {
    GlmShape glm = GlmShape.read(json(GLM + "/config.json"));
    Wav2vec2Shape wav2vec2 = Wav2vec2Shape.read(json(WAV2VEC2 + "/config.json"));
    refuseRawAudio();
    Settings config = Settings.yaml(checkpoint.describe(CODEC + "/config.yaml"), checkpoint.read(CODEC + "/config.yaml"));
    return new AudioShapes(glm, wav2vec2, CodecShape.read(config, wav2vec2.dim()));
  }

  private void addAudio(TokenLayout tokens, AudioShapes shapes) {
    CodecShape codec = shapes.codec;
    requireCodes("glm", tokens, shapes.glm.codes());
    requireCodes("semantic", tokens, codec.codes());
    requireCodes("global", tokens, Arrays.stream(codec.fsqLevels()).asLongStream().reduce(1, CodecShape::product));
    shapes.glm.write(metadata);
    shapes.wav2vec2.write(metadata);
    codec.writeCodec(metadata);
    codec.writeSpeaker(metadata);
    add("glm", GLM, store -> TensorTable.glm(store, shapes.glm));
    add("wav2vec2", WAV2VEC2, store -> TensorTable.wav2vec2(store, shapes.wav2vec2));
    add("codec", CODEC, store -> {
      List<Mapping> rows = new ArrayList<>(TensorTable.codec(store, codec));
      rows.addAll(TensorTable.speaker(store, codec));
      return rows;
    });
  }

  private void refuseRawAudio() {
    String path = WAV2VEC2 + "/preprocessor_config.json";
    if (checkpoint.has(path) && !json(path).flag("do_normalize", true)) {
      throw json(path).wrong("do_normalize", "true: wav2vec2 takes audio of zero mean and unit variance");
    }
  }

  private void requireCodes(String range, TokenLayout tokens, long codes) {
    if (tokens.count(range) != codes) {
      throw new ModelFormatException(checkpoint.describe("tokenizer.json") + ": holds " + tokens.count(range) + " tokens of the range '" + range
          + "', its codebook has " + codes + " entries");
    }
  }

  private interface Rows {
    List<Mapping> of(TensorStore store);
  }

  private void add(String network, String folder, Rows rows) {
    TensorStore store = checkpoint.openTensors(folder);
    stores.add(store);
    List<Mapping> added = rows.of(store);
    mappings.addAll(added);
    Set<String> used = new HashSet<>();
    added.forEach(row -> used.addAll(row.sources()));
    store.tensors().forEach((name, tensor) -> {
      if (used.contains(name)) {
        return;
      }
      if (TensorTable.LEFT_OUT.get(network).matcher(name).matches()) {
        dropped++;
      } else {
        unknown.add(tensor.file() + ": " + name);
      }
    });
  }

  private Settings json(String path) {
    return Settings.json(checkpoint.describe(path), checkpoint.read(path));
  }

  private long endOfSequence() {
    for (String path : List.of("generation_config.json", "config.json")) {
      if (checkpoint.has(path)) {
        Object id = json(path).values().get("eos_token_id");
        Object first = id instanceof List<?> list && !list.isEmpty() ? list.get(0) : id;
        if (first instanceof Integer number && number >= 0) {
          return number;
        }
      }
    }
    return -1;
  }

  private void writeSampling() {
    if (!checkpoint.has("generation_config.json")) {
      return;
    }
    Settings generation = json("generation_config.json");
    for (String key : List.of("temperature", "top_p", "repetition_penalty")) {
      if (generation.has(key)) {
        double value = generation.number(key);
        if (value < 0 || value == 0 && !key.equals("temperature") || key.equals("top_p") && value > 1) {
          throw generation.wrong(key, key.equals("top_p") ? "a number above 0 and at most 1" : "a positive number");
        }
        metadata.f32("gpa.sampling." + key, value);
      }
    }
    if (generation.has("top_k")) {
      metadata.u32("gpa.sampling.top_k", generation.integer("top_k", 0, Integer.MAX_VALUE));
    }
  }
}
