package io.gpa4j.tests.fuzz;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small GGUF files. */
final class SmallModel {
  private static final int[] SCALAR_BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  private static final int U32 = 4;
  private static final int F32 = 6;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int DIM = 8;
  private static final int VOCABULARY = 24;

  private record Tensor(String name, long... shape) {
    long elements() {
      long product = 1;
      for (long extent : shape) {
        product *= extent;
      }
      return product;
    }
  }

  private final Map<String, byte[]> values = new LinkedHashMap<>();
  private final List<Tensor> tensors = new ArrayList<>();

  private SmallModel() {}

  /** A value of each type, an array of each type, and a few tensors. */
  static byte[] everyType() {
    SmallModel model = new SmallModel();
    for (int type = 0; type < SCALAR_BYTES.length; type++) {
      if (SCALAR_BYTES[type] > 0) {
        model.values.put("v" + type, new Bytes().number(type, 4).number(1, SCALAR_BYTES[type]).toArray());
        model.values.put("a" + type, new Bytes().number(ARRAY, 4).number(type, 4).number(2, 8).number(0x101, 2 * SCALAR_BYTES[type]).toArray());
      }
    }
    model.string("s", "text").strings("as", "a", "", "bc");
    model.tensor("t.one", 2, 3).tensor("t.two", 1).tensor("u", 2, 2, 2, 2);
    return model.bytes();
  }

  /** A decoder of one block with a text tokenizer. */
  static byte[] decoder() {
    return decoder(TOKENIZER);
  }

  /** The same with another tokenizer. */
  static byte[] decoder(String tokenizer) {
    SmallModel model = new SmallModel().string("general.architecture", "gpa").u32("gpa.format_version", 1).strings("gpa.networks", "decoder")
        .string("gpa.decoder.architecture", "qwen3").u32("gpa.decoder.block_count", 1).u32("gpa.decoder.embedding_length", DIM)
        .u32("gpa.decoder.feed_forward_length", DIM).u32("gpa.decoder.head_count", 2).u32("gpa.decoder.head_count_kv", 1)
        .u32("gpa.decoder.head_dim", 4).u32("gpa.decoder.context_length", 64).u32("gpa.decoder.vocab_size", VOCABULARY)
        .f32("gpa.decoder.rms_epsilon", 1e-6f).f32("gpa.decoder.rope_theta", 1e4f).u32("gpa.tokens.text_count", 20)
        .u32("gpa.tokens.end_of_answer", 21).f32("gpa.sampling.temperature", 0.5f).f32("gpa.sampling.top_p", 1)
        .f32("gpa.sampling.repetition_penalty", 1.2f).u32("gpa.sampling.top_k", 5).string("tokenizer.huggingface.json", tokenizer);
    model.tensor("decoder.token_embd.weight", VOCABULARY, DIM).tensor("decoder.output_norm.weight", DIM);
    String block = "decoder.blk.0.";
    for (String norm : List.of("attn_norm", "ffn_norm")) {
      model.tensor(block + norm + ".weight", DIM);
    }
    model.tensor(block + "attn_q_norm.weight", 4).tensor(block + "attn_k_norm.weight", 4);
    model.tensor(block + "attn_q.weight", DIM, DIM).tensor(block + "attn_k.weight", 4, DIM).tensor(block + "attn_v.weight", 4, DIM);
    for (String matrix : List.of("attn_output", "ffn_gate", "ffn_up", "ffn_down")) {
      model.tensor(block + matrix + ".weight", DIM, DIM);
    }
    return model.bytes();
  }

  /** A byte-level BPE of a few letters. */
  static final String TOKENIZER = "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":["
      + "{\"id\":21,\"content\":\"<|im_end|>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}],"
      + "\"normalizer\":{\"type\":\"NFC\"},\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":"
      + "\"\\\\p{L}+|\\\\s+\"},\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":false,"
      + "\"use_regex\":false}]},\"post_processor\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":false,\"use_regex\":false},"
      + "\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true},\"model\":{\"type\":\"BPE\","
      + "\"dropout\":null,\"unk_token\":null,\"continuing_subword_prefix\":\"\",\"end_of_word_suffix\":\"\",\"fuse_unk\":false,\"byte_fallback\":false,"
      + "\"ignore_merges\":false,\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"\u0120\":3,\"ab\":4,\"abc\":5},\"merges\":[[\"a\",\"b\"],[\"ab\",\"c\"]]}}";

  private SmallModel u32(String key, long value) {
    values.put(key, new Bytes().number(U32, 4).number(value, 4).toArray());
    return this;
  }

  private SmallModel f32(String key, float value) {
    values.put(key, new Bytes().number(F32, 4).number(Float.floatToIntBits(value), 4).toArray());
    return this;
  }

  private SmallModel string(String key, String value) {
    values.put(key, new Bytes().number(STRING, 4).string(value).toArray());
    return this;
  }

  private SmallModel strings(String key, String... elements) {
    Bytes value = new Bytes().number(ARRAY, 4).number(STRING, 4).number(elements.length, 8);
    for (String element : elements) {
      value.string(element);
    }
    values.put(key, value.toArray());
    return this;
  }

  private SmallModel tensor(String name, long... shape) {
    tensors.add(new Tensor(name, shape));
    return this;
  }

  private byte[] bytes() {
    Bytes head = new Bytes().text("GGUF").number(3, 4).number(tensors.size(), 8).number(values.size(), 8);
    values.forEach((key, value) -> head.string(key).raw(value));
    Bytes data = new Bytes();
    for (Tensor tensor : tensors) {
      data.padTo(32);
      head.string(tensor.name).number(tensor.shape.length, 4);
      for (int d = tensor.shape.length - 1; d >= 0; d--) {
        head.number(tensor.shape[d], 8);
      }
      head.number(0, 4).number(data.toArray().length, 8);
      for (int i = 0; i < tensor.elements(); i++) {
        data.number(Float.floatToIntBits((i * 7 % 11 - 5) / 10f), 4);
      }
    }
    return head.padTo(32).raw(data.toArray()).toArray();
  }
}
