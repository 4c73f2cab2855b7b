package io.gpa4j.quality;

import java.util.List;
import java.util.Locale;

/** The networks with weights, in the order in which one feeds the next; docs/networks.md says what they take and give. */
enum Network {
  GLM_TOKENIZER("glm", "glm_pooled", "glm_mel", "samples"),
  WAV2VEC2("wav2vec2", "w2v_feat", "wav_normalized"),
  BICODEC_ENCODER("codec", "bicodec_ze", "w2v_feat"),
  SPEAKER_ENCODER("speaker", "fsq_bound", "speaker_mel"),
  BICODEC_DECODER("codec", "decode_wav", "semantic_ids", "global_ids"),
  DECODER("decoder", "logits_all", "prompt", "all");

  private final String part;
  private final String result;
  private final List<String> inputs;

  Network(String part, String result, String... inputs) {
    this.part = part;
    this.result = result;
    this.inputs = List.of(inputs);
  }

  /** What the engine calls it. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What {@code gpa.networks} of a model file calls what it belongs to. */
  String part() {
    return part;
  }

  /** The last of its results that are no ids. */
  String result() {
    return result;
  }

  /** What it takes. */
  List<String> inputs() {
    return inputs;
  }
}
