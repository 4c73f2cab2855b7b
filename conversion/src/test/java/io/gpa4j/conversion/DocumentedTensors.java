package io.gpa4j.conversion;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The names of docs/model-file.md for a given shape (a tied Qwen3 decoder), written down apart from the mapping. */
final class DocumentedTensors {
  private final Set<String> names = new TreeSet<>();

  private DocumentedTensors() {}

  static Set<String> of(int decoder, int glm, int wav2vec2, int convs, int backbone, int stage, int generator, int perceiver) {
    DocumentedTensors all = new DocumentedTensors();
    all.decoder(decoder);
    all.audio(glm, wav2vec2, convs);
    for (String part : List.of("codec.encoder", "codec.prenet")) {
      all.vocos(part + ".stage.0", stage, "");
      all.vocos(part + ".stage.1", stage, "");
    }
    all.vocos("codec.encoder.backbone", backbone, "");
    all.vocos("codec.prenet.backbone", backbone, "scale shift");
    all.both("codec.encoder.project", "codec.quantizer.in", "codec.quantizer.out", "codec.prenet.input", "codec.prenet.output",
        "codec.generator.conv_in", "codec.generator.conv_out");
    all.add("codec.quantizer.codebook", "codec.generator.snake");
    all.generator(generator);
    all.speaker(perceiver);
    return all.names;
  }

  private void decoder(int blocks) {
    add("decoder.token_embd.weight", "decoder.output_norm.weight");
    for (int n = 0; n < blocks; n++) {
      for (String part : "attn_norm ffn_norm attn_q attn_k attn_v attn_output attn_q_norm attn_k_norm ffn_gate ffn_up ffn_down".split(" ")) {
        add("decoder.blk." + n + "." + part + ".weight");
      }
    }
  }

  private void audio(int glm, int wav2vec2, int convs) {
    both("glm.conv1", "glm.conv2", "wav2vec2.projection.norm", "wav2vec2.projection", "wav2vec2.positional");
    add("glm.positions", "glm.codebook");
    for (int n = 0; n < convs; n++) {
      both("wav2vec2.conv." + n, "wav2vec2.conv." + n + ".norm");
    }
    for (int n = 0; n < glm; n++) {
      String block = "glm.blk." + n + ".";
      both(block + "attn_norm", block + "ffn_norm", block + "attn_q", block + "attn_v", block + "attn_output", block + "ffn_up", block + "ffn_down");
      add(block + "attn_k.weight");
    }
    for (int n = 0; n < wav2vec2; n++) {
      String block = "wav2vec2.blk." + n + ".";
      both(block + "attn_norm", block + "ffn_norm", block + "attn_q", block + "attn_k", block + "attn_v", block + "attn_output",
          block + "ffn_up", block + "ffn_down");
    }
  }

  private void vocos(String place, int blocks, String adaptive) {
    both(place + ".embed", place + ".final_norm");
    norm(place + ".norm", adaptive);
    for (int n = 0; n < blocks; n++) {
      String block = place + ".blk." + n;
      both(block + ".dwconv", block + ".pw1", block + ".pw2");
      norm(block + ".norm", adaptive);
      add(block + ".gamma");
    }
  }

  private void norm(String place, String adaptive) {
    if (adaptive.isEmpty()) {
      both(place);
    } else {
      both(place + ".scale", place + ".shift");
    }
  }

  private void generator(int blocks) {
    for (int n = 0; n < blocks; n++) {
      String block = "codec.generator.blk." + n;
      add(block + ".snake");
      both(block + ".up");
      for (int r = 0; r < 3; r++) {
        add(block + ".res." + r + ".snake1", block + ".res." + r + ".snake2");
        both(block + ".res." + r + ".conv1", block + ".res." + r + ".conv2");
      }
    }
  }

  private void speaker(int perceiver) {
    both("speaker.conv1", "speaker.conv2", "speaker.perceiver.context", "speaker.fsq_in", "speaker.fsq_out", "speaker.project");
    add("speaker.conv1.bn.scale", "speaker.conv1.bn.shift", "speaker.perceiver.latents", "speaker.perceiver.norm");
    for (int n = 0; n < 3; n++) {
      for (String part : "in out res.0 res.1 res.2 res.3 res.4 res.5 res.6".split(" ")) {
        String at = "speaker.blk." + n + "." + part;
        both(at);
        add(at + ".bn.scale", at + ".bn.shift");
      }
      both("speaker.blk." + n + ".se_down", "speaker.blk." + n + ".se_up");
    }
    for (int n = 0; n < perceiver; n++) {
      String block = "speaker.perceiver.blk." + n + ".";
      add(block + "attn_q.weight", block + "attn_kv.weight", block + "attn_output.weight");
      both(block + "ffn_up", block + "ffn_down");
    }
  }

  private void both(String... places) {
    for (String place : places) {
      add(place + ".weight", place + ".bias");
    }
  }

  private void add(String... added) {
    names.addAll(List.of(added));
  }
}
