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
  //                                   f32  f16  bf16  q8_0  q6_k  q5_k_m q4_k_m q4_0  iq4_nl
  INPUT(types(                         F32, F16, BF16, F16,  F16,  F16,  F16,  F16,  F16),
      "first convolutions: a percent of the weights, and all that follows builds on what they let through",
      "glm.conv1", "wav2vec2.conv.0"),
  VOICE(types(                         F32, F16, BF16, F16,  F16,  F16,  F16,  F16,  F16),
      "speaker encoder: runs once a voice, and its FSQ rounds what it gives to one of four levels",
      "speaker.{conv1,conv2,project}", "speaker.{blk,perceiver}.*.weight"),
  CODES(types(                         F32, F16, BF16, Q8_0, Q8_0, Q8_0, Q8_0, Q8_0, Q8_0),
      "what the nearest codes are chosen by, and the wave generator's first convolution",
      "codec.encoder.project", "codec.generator.conv_in"),
  HEAD(types(                          F32, F16, BF16, Q8_0, Q6_K, Q6_K, Q6_K, Q6_K, Q6_K),
      "embedding and head: their errors go into every token and every choice",
      "decoder.{token_embd,output}"),
  VALUES(types(                        F32, F16, BF16, Q8_0, Q6_K, Q6_K, Q6_K, Q8_0, Q8_0),
      "values are shared by several heads: few weights, each used often",
      "decoder.blk.*.attn_v"),
  DOWN(types(                          F32, F16, BF16, Q8_0, Q6_K, Q6_K, Q6_K, Q4_0, IQ4_NL),
      "of the first and last eighth of the blocks and every third between: what they write stays in the residual stream",
      "{decoder,glm,wav2vec2}.blk.*.ffn_down") {
    @Override
    boolean takes(int block, int blocks) {
      int eighth = blocks / 8;
      return block < eighth || block >= blocks - eighth || (block - eighth) % 3 == 2;
    }
  },
  INNER(types(                         F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q4_K, Q4_0, IQ4_NL),
      "most of the weights",
      "decoder.blk.*.{attn_q,attn_k,attn_output,ffn_gate,ffn_up,ffn_down}",
      "{glm,wav2vec2}.blk.*.{attn_q,attn_k,attn_v,attn_output,ffn_up,ffn_down}",
      "glm.conv2", "wav2vec2.conv.{?,??}", "wav2vec2.{projection,positional}",
      "codec.*.{embed,pw1,pw2}", "codec.*.norm.{scale,shift}", "codec.prenet.{input,output}",
      "codec.generator.blk.*.{up,conv1,conv2}");
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
