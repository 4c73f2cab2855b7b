package io.gpa4j.tests.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Small GGUF files. */
final class SmallModel {
  private static final int[] SCALAR_BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  private static final int U32 = 4;
  private static final int F32 = 6;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int Q8_0 = 8;
  private static final int DIM = 8;
  private static final int VOCABULARY = 64;

  record Tensor(String name, int type, byte[] data, long... shape) {}

  private final Map<String, byte[]> values = new LinkedHashMap<>();
  private final List<Tensor> tensors = new ArrayList<>();

  private SmallModel() {}

  /** A value of each type, an array of each type, and a few tensors. */
  static SmallModel everyType() {
    SmallModel model = new SmallModel();
    for (int type = 0; type < SCALAR_BYTES.length; type++) {
      if (SCALAR_BYTES[type] > 0) {
        model.values.put("v" + type, new Bytes().number(type, 4).number(1, SCALAR_BYTES[type]).toArray());
        model.values.put("a" + type, new Bytes().number(ARRAY, 4).number(type, 4).number(2, 8).number(0x101, 2 * SCALAR_BYTES[type]).toArray());
      }
    }
    model.string("s", "text").strings("as", "a", "", "bc");
    model.tensor("t.one", 2, 3).tensor("t.two", 1).tensor("u", 2, 2, 2, 2);
    return model;
  }

  /** A decoder of one block with a text tokenizer. */
  static SmallModel decoder() {
    return decoder(TOKENIZER);
  }

  /** The same with another tokenizer. */
  static SmallModel decoder(String tokenizer) {
    SmallModel model = new SmallModel().string("general.architecture", "gpa").u32("gpa.format_version", 1).strings("gpa.networks", "decoder")
        .string("gpa.decoder.architecture", "qwen3").u32("gpa.decoder.block_count", 1).u32("gpa.decoder.embedding_length", DIM)
        .u32("gpa.decoder.feed_forward_length", DIM).u32("gpa.decoder.head_count", 2).u32("gpa.decoder.head_count_kv", 1)
        .u32("gpa.decoder.head_dim", 4).u32("gpa.decoder.context_length", 64).u32("gpa.decoder.vocab_size", VOCABULARY)
        .f32("gpa.decoder.rms_epsilon", 1e-6f).f32("gpa.decoder.rope_theta", 1e4f).u32("gpa.tokens.text_count", 20)
        .u32("gpa.tokens.end_of_answer", 21).f32("gpa.sampling.temperature", 0.5f).f32("gpa.sampling.top_p", 1)
        .f32("gpa.sampling.repetition_penalty", 1.2f).u32("gpa.sampling.top_k", 5).string("tokenizer.huggingface.json", tokenizer);
    return model.decoderTensors("decoder.");
  }

  private SmallModel decoderTensors(String prefix) {
    tensor(prefix + "token_embd.weight", VOCABULARY, DIM).tensor(prefix + "output_norm.weight", DIM);
    String block = prefix + "blk.0.";
    for (String norm : List.of("attn_norm", "ffn_norm")) {
      tensor(block + norm + ".weight", DIM);
    }
    tensor(block + "attn_q_norm.weight", 4).tensor(block + "attn_k_norm.weight", 4);
    tensor(block + "attn_q.weight", DIM, DIM).tensor(block + "attn_k.weight", 4, DIM).tensor(block + "attn_v.weight", 4, DIM);
    for (String matrix : List.of("attn_output", "ffn_gate", "ffn_up", "ffn_down")) {
      tensor(block + matrix + ".weight", DIM, DIM);
    }
    return this;
  }

  /** The decoder of {@link #decoder()} as llama.cpp has it. */
  static SmallModel llama() {
    List<String> tokens = new ArrayList<>(List.of("a", "b", "c", "\u0120", "ab", "abc"));
    IntStream.range(tokens.size(), VOCABULARY).forEach(id -> tokens.add(id == 21 ? "<|im_end|>" : "[PAD" + id + "]"));
    return new SmallModel().string("general.architecture", "qwen3").u32("qwen3.block_count", 1).u32("qwen3.embedding_length", DIM)
        .u32("qwen3.feed_forward_length", DIM).u32("qwen3.attention.head_count", 2).u32("qwen3.attention.head_count_kv", 1)
        .u32("qwen3.attention.key_length", 4).u32("qwen3.vocab_size", VOCABULARY).f32("qwen3.attention.layer_norm_rms_epsilon", 1e-6f)
        .f32("qwen3.rope.freq_base", 1e4f).strings("tokenizer.ggml.tokens", tokens.toArray(new String[0])).decoderTensors("");
  }

  /** What llama.cpp measures of {@link #quantizable()}: sums of squares and how many. */
  static SmallModel importance() {
    SmallModel model = new SmallModel().string("general.type", "imatrix").u32("imatrix.chunk_count", 1);
    for (String weight : List.of("token_embd.weight", "blk.0.ffn_down.weight")) {
      model.tensor(weight + ".in_sum2", 0, floats(32, 2), 1, 32).tensor(weight + ".counts", 0, floats(1, 3), 1, 1);
    }
    return model;
  }

  private static byte[] floats(int count, float value) {
    Bytes data = new Bytes();
    IntStream.range(0, count).forEach(i -> data.number(Float.floatToIntBits(value), 4));
    return data.toArray();
  }

  /** A model file with weights wide enough for blocks, one of them of blocks already. */
  static SmallModel quantizable() {
    return new SmallModel().string("general.architecture", "gpa").u32("general.file_type", 0)
        .string("general.description", "A model. Weights: f32; others f32").strings("gpa.networks", "decoder", "codec").f32("gpa.decoder.rope_theta", 1e4f)
        .tensor("decoder.token_embd.weight", 2, 32).tensor("decoder.blk.0.ffn_down.weight", 1, 32).tensor("decoder.output_norm.weight", 32)
        .tensor("decoder.blk.0.attn_q.weight", Q8_0, new byte[34], 1, 32).tensor("codec.generator.conv_in.weight", 2, 3, 5);
  }

  /** How Qwen's tokenizers cut texts, as JSON. */
  static final String PATTERN = "\"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+\"";

  /** A byte-level BPE of a few letters. */
  static final String TOKENIZER = "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":["
      + "{\"id\":21,\"content\":\"<|im_end|>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}],"
      + "\"normalizer\":{\"type\":\"NFC\"},\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":"
      + PATTERN + "},\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":false,"
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

  /** Of F32 elements within [-0.5, 0.5]. */
  private SmallModel tensor(String name, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    Bytes data = new Bytes();
    for (int i = 0; i < elements; i++) {
      data.number(Float.floatToIntBits((i * 7 % 11 - 5) / 10f), 4);
    }
    return tensor(name, 0, data.toArray(), shape);
  }

  private SmallModel tensor(String name, int type, byte[] data, long... shape) {
    tensors.add(new Tensor(name, type, data, shape));
    return this;
  }

  /** Values by key, as they stand in the file behind it; may be changed. */
  Map<String, byte[]> values() {
    return values;
  }

  /** May be changed. */
  List<Tensor> tensors() {
    return tensors;
  }

  /** The file. */
  byte[] bytes() {
    Bytes head = new Bytes().text("GGUF").number(3, 4).number(tensors.size(), 8).number(values.size(), 8);
    values.forEach((key, value) -> head.string(key).raw(value));
    Bytes data = new Bytes();
    for (Tensor tensor : tensors) {
      data.padTo(32);
      head.string(tensor.name).number(tensor.shape.length, 4);
      for (int d = tensor.shape.length - 1; d >= 0; d--) {
        head.number(tensor.shape[d], 8);
      }
      head.number(tensor.type, 4).number(data.toArray().length, 8);
      data.raw(tensor.data);
    }
    return head.padTo(32).raw(data.toArray()).toArray();
  }
}
