package io.gpa4j.fabricate;

import java.util.List;

/**
 * The sizes of a whole checkpoint.
 *
 * @param name what {@link #of} calls it
 * @param decoder the language model
 * @param tokens the token space
 * @param glm the GLM tokenizer
 * @param wav2vec2 the feature network
 * @param codec BiCodec with its speaker encoder
 */
public record ModelShape(String name, Decoder decoder, Tokens tokens, Glm glm, Wav2vec2 wav2vec2, Codec codec) {
  /** Sizes of the decoder; vocabulary counts the embedding's rows. */
  public record Decoder(int layers, int hidden, int ffn, int heads, int kvHeads, int headDim, int vocabulary, int positions) {}

  /** Text tokens (the ids below it), the first id of the audio tokens, and how many of each kind; the kinds follow one another. */
  public record Tokens(int text, int firstAudio, int glm, int global, int semantic) {
    int globalFirst() {
      return firstAudio + glm;
    }

    int semanticFirst() {
      return globalFirst() + global;
    }

    int singlesFirst() {
      return semanticFirst() + semantic;
    }
  }

  /** Sizes of the GLM tokenizer; declaredLayers stands in its config, layers are stored. */
  public record Glm(int declaredLayers, int layers, int dim, int heads, int ffn, int codes, int positions) {}

  /** Sizes of wav2vec2. */
  public record Wav2vec2(int layers, int dim, int heads, int ffn, int convDim) {}

  /** Sizes of BiCodec; dim is that of the features, of what the decoder reads, and of the d-vector. */
  public record Codec(int dim, int vocosDim, int vocosFfn, int blocks, int postnetBlocks, int codes, int generatorChannels,
      int ecapaChannels, int latentDim) {}

  private static final Tokens GPA_TOKENS = new Tokens(151_643, 151_727, 16_384, 4096, 8192);
  private static final Glm GPA_GLM = new Glm(32, 16, 1280, 20, 5120, 16_384, 1500);
  private static final Wav2vec2 GPA_WAV2VEC2 = new Wav2vec2(24, 1024, 16, 4096, 512);
  private static final Codec GPA_CODEC = new Codec(1024, 384, 2048, 12, 6, 8192, 1536, 512, 128);

  /** The published 0.3B model. */
  public static final ModelShape GPA_03B = new ModelShape("gpa-0.3b",
      new Decoder(20, 768, 2304, 12, 4, 64, 180_480, 40_960), GPA_TOKENS, GPA_GLM, GPA_WAV2VEC2, GPA_CODEC);

  /** The 3B model: a larger decoder, the same audio networks. */
  public static final ModelShape GPA_3B = new ModelShape("gpa-3b",
      new Decoder(36, 2048, 11_008, 16, 8, 128, 180_480, 40_960), GPA_TOKENS, GPA_GLM, GPA_WAV2VEC2, GPA_CODEC);

  /** A few megabytes, for fast tests. */
  public static final ModelShape TINY = new ModelShape("tiny",
      new Decoder(3, 256, 512, 4, 2, 64, 4857, 4096), new Tokens(430, 433, 64, 4096, 256), new Glm(5, 4, 64, 4, 128, 64, 1500),
      new Wav2vec2(18, 64, 4, 128, 32), new Codec(64, 48, 96, 3, 3, 256, 64, 64, 32));

  /** All shapes. */
  public static List<ModelShape> all() {
    return List.of(GPA_03B, GPA_3B, TINY);
  }

  /**
   * The shape of a name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static ModelShape of(String name) {
    return all().stream().filter(shape -> shape.name().equals(name)).findFirst().orElseThrow(() -> new IllegalArgumentException(
        "no shape '" + name + "'; there are " + String.join(", ", all().stream().map(ModelShape::name).toList())));
  }

  @Override
  public String toString() {
    return name;
  }
}
