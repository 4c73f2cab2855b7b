package io.gpa4j.conversion;

import static io.gpa4j.ElementType.BF16;
import static io.gpa4j.ElementType.F16;
import static io.gpa4j.ElementType.F32;
import static io.gpa4j.ElementType.IQ4_NL;
import static io.gpa4j.ElementType.Q4_0;
import static io.gpa4j.ElementType.Q4_K;
import static io.gpa4j.ElementType.Q5_K;
import static io.gpa4j.ElementType.Q6_K;
import static io.gpa4j.ElementType.Q8_0;

import io.gpa4j.ElementType;
import java.util.Arrays;
import java.util.List;

/**
 * The table of the recipes: parts of a model that have one type, tried in this order, with the type that each {@link Recipe} gives them
 * and why. What belongs to no part is F32 in every model file: norms, biases, codebooks, positions, FSQ projections, depthwise
 * convolutions, the last convolution, statistics. It is small, and the engine computes with it as it is.
 */
enum ModelPart {
  // @formatter:off
  //                                  f32  f16  bf16  q8_0  q6_k  q5_k_m q4_k_m q4_0  iq4_nl
  INPUT(types(                        F32, F16, BF16, F16,  F16,  F16,   F16,   F16,  F16),
      "first convolutions: very few weights, and everything builds on what they let through",
      "glm.conv1", "wav2vec2.conv.0"),
  VOICE(types(                        F32, F16, BF16, F16,  F16,  F16,   F16,   F16,  F16),
      "the speaker encoder: one percent of the weights, run once a voice, and its FSQ rounds what it gives to one of four levels",
      "speaker.{conv1,conv2,project}", "speaker.{blk,perceiver}.*.weight"),
  FRONT(types(                        F32, F16, BF16, Q8_0, Q8_0, Q8_0,  Q8_0,  Q8_0, Q8_0),
      "what stands before and between the stacks of blocks: two percent of the weights, most of the errors in features and codes",
      "glm.conv2", "wav2vec2.conv.{?,??}", "wav2vec2.projection", "codec.encoder.*.embed", "codec.encoder.project", "codec.prenet.{input,output}"),
  WAVE(types(                         F32, F16, BF16, Q8_0, Q8_0, Q8_0,  Q8_0,  Q8_0, Q8_0),
      "the wave generator: six percent of the weights, and its errors are heard as noise, 25 dB below the speech with four bits",
      "codec.generator.conv_in", "codec.generator.blk.*.{up,conv1,conv2}"),
  HEAD(types(                         F32, F16, BF16, Q8_0, Q6_K, Q6_K,  Q6_K,  Q6_K, Q6_K),
      "embedding and head: errors go into every token and every choice",
      "decoder.{token_embd,output}"),
  VALUES(types(                       F32, F16, BF16, Q8_0, Q6_K, Q6_K,  Q6_K,  Q6_K, Q6_K),
      "what attention reads and writes: a tenth of a block's weights, a third of its error",
      "decoder.blk.*.{attn_v,attn_output}"),
  GATES(types(                        F32, F16, BF16, Q8_0, Q6_K, Q5_K,  Q5_K,  Q4_0, IQ4_NL),
      "half of a block's weights, and with four bits half of the decoder's error",
      "decoder.blk.*.{ffn_gate,ffn_up}"),
  DOWN(types(                         F32, F16, BF16, Q8_0, Q6_K, Q6_K,  Q6_K,  Q4_0, IQ4_NL),
      "the last matrix of the first and last eighth of the blocks and of every third between: what it writes stays in all that follow",
      "{decoder,glm,wav2vec2}.blk.*.ffn_down") {
    @Override
    boolean takes(int block, int blocks) {
      int eighth = Math.max(1, blocks / 8);
      return block < eighth || block >= blocks - eighth || (block - eighth) % 3 == 2;
    }
  },
  INNER(types(                        F32, F16, BF16, Q8_0, Q6_K, Q5_K,  Q4_K,  Q4_0, IQ4_NL),
      "most of the weights",
      "decoder.blk.*.{attn_q,attn_k,ffn_down}",
      "{glm,wav2vec2}.blk.*.{attn_q,attn_k,attn_v,attn_output,ffn_up,ffn_down}", "wav2vec2.positional",
      "codec.prenet.*.embed", "codec.{encoder,prenet}.*.{pw1,pw2}", "codec.prenet.backbone.*.{scale,shift}");
  // @formatter:on

  private final ElementType[] types;
  private final String reason;
  private final List<NamePattern> names;

  ModelPart(ElementType[] types, String reason, String... names) {
    this.types = types;
    this.reason = reason;
    this.names = Arrays.stream(names).map(NamePattern::of).toList();
  }

  private static ElementType[] types(ElementType... types) {
    return types;
  }

  /** Whether a block of the network belongs to it. */
  boolean takes(int block, int blocks) {
    return true;
  }

  /** The type in a recipe. */
  ElementType type(Recipe recipe) {
    return types[recipe.ordinal()];
  }

  /** Why it has these types. */
  String reason() {
    return reason;
  }

  /** Its names as patterns. */
  List<String> names() {
    return names.stream().map(NamePattern::text).toList();
  }

  /**
   * The part that a tensor belongs to.
   *
   * @param block the N of {@code blk.N} right behind the network's name; 0 without
   * @param blocks how many there are
   * @return null if it is F32 always
   */
  static ModelPart of(String tensor, int block, int blocks) {
    for (ModelPart part : values()) {
      if (part.names.stream().anyMatch(name -> name.matches(tensor)) && part.takes(block, blocks)) {
        return part;
      }
    }
    return null;
  }
}
