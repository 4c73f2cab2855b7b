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
  /**
   * Sizes of the decoder; vocabulary counts the embedding's rows.
   *
   * @param qwen2 a Qwen2 (biases on q, k and v, no norms of heads; heads x headDim is hidden) instead of a Qwen3
   * @param tied whether the embedding is the head as well
   */
  public record Decoder(int layers, int hidden, int ffn, int heads, int kvHeads, int headDim, int vocabulary, int positions, boolean qwen2,
      boolean tied) {
    /** A Qwen3 whose embedding is the head as well. */
    public Decoder(int layers, int hidden, int ffn, int heads, int kvHeads, int headDim, int vocabulary, int positions) {
      this(layers, hidden, ffn, heads, kvHeads, headDim, vocabulary, positions, false, true);
    }

    /** Checks what a Qwen2 cannot say in its configuration. */
    public Decoder {
      if (qwen2 && heads * headDim != hidden) {
        throw new IllegalArgumentException("a Qwen2 of width " + hidden + " has no " + heads + " heads of " + headDim);
      }
    }
  }

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

  /** As small, with what else there is: a Qwen2, a head of its own, and hardly a size that vector registers like. */
  public static final ModelShape TINY_QWEN2 = new ModelShape("tiny-qwen2",
      new Decoder(3, 132, 345, 6, 2, 22, 4853, 4096, true, false), new Tokens(430, 433, 61, 4096, 251), new Glm(5, 4, 60, 5, 131, 61, 1500),
      new Wav2vec2(18, 80, 8, 150, 27), new Codec(80, 45, 91, 3, 1, 251, 48, 72, 30));

  /** All shapes. */
  public static List<ModelShape> all() {
    return List.of(GPA_03B, GPA_3B, TINY, TINY_QWEN2);
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
