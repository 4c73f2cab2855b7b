package io.gpa4j.conversion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.ElementType;
import io.gpa4j.Gpa;
import io.gpa4j.ModelFormatException;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.gguf.GgufMetadata;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Decoders to llama.cpp and back. */
class LlamaTest {
  @TempDir static Path shared;
  private static Path model;
  private static Path decoder;

  @TempDir Path folder;

  @BeforeAll
  static void exportGoldens() {
    model = shared.resolve("model.gguf");
    Converter.convert(GoldenCheckpoint.FOLDER, model, ConversionOptions.of(Recipe.F16), ConversionListener.NONE);
    decoder = shared.resolve("decoder.gguf");
    LlamaExporter.export(model, decoder, ConversionListener.NONE);
  }

  @Test
  void export_goldens_hasEveryKeyThatLlamaCppReads() {
    Map<String, Object> metadata = GgufContent.read(decoder).metadata();
    assertThat(metadata).containsEntry("general.architecture", "qwen3").containsEntry("general.file_type", 1)
        .containsEntry("general.quantization_version", 2).containsKey("general.name")
        .containsEntry("qwen3.block_count", 3).containsEntry("qwen3.context_length", 4096).containsEntry("qwen3.embedding_length", 256)
        .containsEntry("qwen3.feed_forward_length", 512).containsEntry("qwen3.attention.head_count", 4)
        .containsEntry("qwen3.attention.head_count_kv", 2).containsEntry("qwen3.attention.key_length", 64)
        .containsEntry("qwen3.attention.value_length", 64).containsEntry("qwen3.attention.layer_norm_rms_epsilon", 1e-6f)
        .containsEntry("qwen3.rope.freq_base", 1e6f).containsEntry("qwen3.rope.dimension_count", 64).containsEntry("qwen3.vocab_size", 4857)
        .containsEntry("tokenizer.ggml.model", "gpt2").containsEntry("tokenizer.ggml.pre", "qwen2")
        .containsEntry("tokenizer.ggml.eos_token_id", 432).containsEntry("tokenizer.ggml.padding_token_id", 430)
        .containsEntry("tokenizer.ggml.add_bos_token", false).doesNotContainKey("general.alignment");
  }

  @Test
  void export_goldens_holdsTheTokenizersTokens() throws IOException {
    Map<String, Object> metadata = GgufContent.read(decoder).metadata();
    JsonNode tokenizer = new ObjectMapper().readTree(GoldenCheckpoint.FOLDER.resolve("tokenizer.json").toFile());
    List<?> tokens = (List<?>) metadata.get("tokenizer.ggml.tokens");
    List<?> types = (List<?>) metadata.get("tokenizer.ggml.token_type");
    assertThat(tokens).hasSize(4857).doesNotHaveDuplicates();
    assertThat(types).hasSize(4857);
    Map<Integer, String> vocabulary = new HashMap<>();
    tokenizer.at("/model/vocab").fields().forEachRemaining(entry -> vocabulary.put(entry.getValue().asInt(), entry.getKey()));
    assertThat(vocabulary).isNotEmpty();
    vocabulary.forEach((id, token) -> {
      assertThat(tokens.get(id)).isEqualTo(token);
      assertThat(types.get(id)).as(token).isEqualTo(1);
    });
    for (JsonNode added : tokenizer.get("added_tokens")) {
      assertThat(tokens.get(added.get("id").asInt())).isEqualTo(added.get("content").asText());
      assertThat(types.get(added.get("id").asInt())).as(added.get("content").asText()).isEqualTo(3);
    }
    List<String> merges = new ArrayList<>();
    tokenizer.at("/model/merges").forEach(merge -> merges.add(merge.isArray() ? merge.get(0).asText() + " " + merge.get(1).asText() : merge.asText()));
    assertThat(merges).isNotEmpty();
    assertThat(metadata.get("tokenizer.ggml.merges")).isEqualTo(merges);
  }

  @Test
  void export_tensors_areTheModelsByteForByte() {
    GgufContent from = GgufContent.read(model);
    GgufContent to = GgufContent.read(decoder);
    assertThat(to.data().keySet().stream().map(name -> "decoder." + name).collect(Collectors.toSet()))
        .isEqualTo(from.data().keySet().stream().filter(name -> name.startsWith("decoder.")).collect(Collectors.toSet()));
    assertThat(to.data()).doesNotContainKey("output.weight");
    to.data().forEach((name, data) -> {
      assertThat(data).as(name).isEqualTo(from.data().get("decoder." + name));
      assertThat(to.types().get(name)).isEqualTo(from.types().get("decoder." + name));
      assertThat(to.tensors().get(name).shape()).isEqualTo(from.tensors().get("decoder." + name).shape());
    });
  }

  @Test
  void export_largerEmbedding_padsTheVocabulary() {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly().set("config.json", "vocab_size", 4864);
    golden.tensors.get("").put("model.embed_tokens.weight", Tensors.filled(1, 4864, 256));
    Map<String, Object> metadata = export(golden, Recipe.Q8_0).metadata();
    assertThat(((List<?>) metadata.get("tokenizer.ggml.tokens")).get(4860)).isEqualTo("[PAD4860]");
    assertThat(((List<?>) metadata.get("tokenizer.ggml.token_type")).get(4860)).isEqualTo(5);
    assertThat(metadata).containsEntry("general.file_type", 7);
  }

  @Test
  void export_untiedQwen2_hasHeadAndBiases() {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly().set("config.json", "architectures", List.of("Qwen2ForCausalLM"))
        .set("config.json", "tie_word_embeddings", false);
    Map<String, Tensors> tensors = golden.tensors.get("");
    tensors.put("lm_head.weight", Tensors.filled(2, 4857, 256));
    for (int n = 0; n < 3; n++) {
      String layer = "model.layers." + n + ".self_attn.";
      tensors.put(layer + "q_proj.bias", Tensors.filled(3, 256));
      tensors.put(layer + "k_proj.bias", Tensors.filled(4, 128));
      tensors.put(layer + "v_proj.bias", Tensors.filled(5, 128));
    }
    GgufContent got = export(golden, Recipe.Q4_K_M);
    // Most weights of its blocks are Q5_K, and the file is labelled after them.
    assertThat(got.metadata()).containsEntry("general.architecture", "qwen2").containsEntry("qwen2.block_count", 3)
        .containsEntry("qwen2.attention.key_length", 64).containsEntry("general.file_type", Recipe.Q5_K_M.fileType());
    assertThat(got.types()).containsEntry("output.weight", ElementType.Q6_K.id()).containsEntry("blk.0.attn_q.bias", 0)
        .doesNotContainKey("blk.0.attn_q_norm.weight");
  }

  @Test
  void export_tokenizerOfAnotherKind_isRefused() {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly().replace("tokenizer.json", "\"BPE\"", "\"Unigram\"");
    assertThatThrownBy(() -> export(golden, Recipe.F16)).isInstanceOf(UnsupportedModelException.class).hasMessageContainingAll("Unigram", "tokenizer");
  }

  @Test
  void export_ofAModelWithOtherCounts_isRefusedByTheirNames() {
    assertNotExported(new AlteredGguf(model).set("gpa.decoder.vocab_size", (metadata, key) -> metadata.u32(key, 0x7FFF_FFFF)),
        ModelFormatException.class, "decoder.token_embd.weight", "2147483647");
    AlteredGguf bare = new AlteredGguf(model);
    bare.tensors.remove("decoder.token_embd.weight");
    assertNotExported(bare, ModelFormatException.class, "decoder.token_embd.weight", "missing");
    assertNotExported(new AlteredGguf(model).set("gpa.decoder.context_length", (metadata, key) -> metadata.f32(key, -0.5)),
        ModelFormatException.class, "gpa.decoder.context_length", "-0.5");
    assertNotExported(new AlteredGguf(model).set("gpa.decoder.architecture", (metadata, key) -> metadata.string(key, "tokenizer.ggml")),
        UnsupportedModelException.class, "gpa.decoder.architecture", "tokenizer.ggml");
  }

  @Test
  void export_ofIntegersForWeights_isRefusedByTheirName() throws IOException {
    Path path = new AlteredGguf(model).put("decoder.blk.0.ffn_up.weight", ElementType.F32, null, 512L, 256L).write(folder.resolve("integers.gguf"));
    byte[] bytes = Files.readAllBytes(path);
    retype(bytes, "decoder.blk.0.ffn_up.weight", ElementType.I32.id());
    Files.write(path, bytes);
    assertThatThrownBy(() -> LlamaExporter.export(path, folder.resolve("to.gguf"), ConversionListener.NONE))
        .isInstanceOf(UnsupportedModelException.class).hasMessageContainingAll("integers.gguf", "decoder.blk.0.ffn_up.weight", "I32");
  }

  private void assertNotExported(AlteredGguf altered, Class<? extends Throwable> type, String... parts) {
    Path path = altered.write(folder.resolve("altered.gguf"));
    assertThatThrownBy(() -> LlamaExporter.export(path, folder.resolve("to.gguf"), ConversionListener.NONE)).isInstanceOf(type)
        .hasMessageContaining("altered.gguf").hasMessageContainingAll(parts);
    assertThat(folder.resolve("to.gguf")).doesNotExist();
  }

  private GgufContent export(GoldenCheckpoint golden, Recipe recipe) {
    Path from = folder.resolve("from.gguf");
    Converter.convert(golden.write(folder.resolve("c"), ElementType.F32), from, ConversionOptions.of(recipe), ConversionListener.NONE);
    Path to = folder.resolve("to.gguf");
    LlamaExporter.export(from, to, ConversionListener.NONE);
    return GgufContent.read(to);
  }

  @Test
  void import_ofTheOwnDecoder_givesTheSameFile() throws IOException {
    Path target = folder.resolve("m.gguf");
    ConversionReport report = LlamaImporter.importDecoder(decoder, model, target, ConversionListener.NONE);
    assertThat(Files.mismatch(model, target)).isEqualTo(-1);
    assertThat(target).hasSize(report.bytes());
  }

  @ParameterizedTest
  @EnumSource(value = Recipe.class, names = {"BF16", "Q8_0", "Q4_K_M", "IQ4_NL"})
  void import_ofAQuantisedDecoder_replacesItAndNothingElse(Recipe recipe) throws IOException {
    Path quantized = folder.resolve("quantized.gguf");
    Quantizer.quantize(model, quantized, QuantizeOptions.of(WeightTypes.of(recipe)), ConversionListener.NONE);
    Path given = folder.resolve("given.gguf");
    LlamaExporter.export(quantized, given, ConversionListener.NONE);
    Path target = folder.resolve("m.gguf");
    LlamaImporter.importDecoder(given, model, target, ConversionListener.NONE);
    GgufContent got = GgufContent.read(target);
    GgufContent want = GgufContent.read(quantized);
    GgufContent rest = GgufContent.read(model);
    got.data().forEach((name, data) -> assertThat(data).as(name).isEqualTo((name.startsWith("decoder.") ? want : rest).data().get(name)));
    assertThat((String) got.metadata().get("general.description")).endsWith("Weights: f16, decoder imported; others f32");
    Path again = folder.resolve("again.gguf");
    LlamaExporter.export(target, again, ConversionListener.NONE);
    assertThat(Files.mismatch(given, again)).isEqualTo(-1);
    try (Gpa gpa = Gpa.builder(target).build()) {
      assertThat(gpa.encode("a", false)).isNotEmpty();
    }
  }

  @Test
  void import_withAHeadOfItsOwn_isTakenIntoATiedModel() {
    AlteredGguf altered = new AlteredGguf(decoder).put("output.weight", ElementType.Q8_0, null, 4857L, 256L);
    Path target = folder.resolve("m.gguf");
    LlamaImporter.importDecoder(altered.write(folder.resolve("d.gguf")), model, target, ConversionListener.NONE);
    assertThat(GgufContent.read(target).types()).containsEntry("decoder.output.weight", ElementType.Q8_0.id());
    try (Gpa gpa = Gpa.builder(target).build()) {
      assertThat(gpa.encode("a", false)).isNotEmpty();
    }
  }

  @Test
  void import_intoAModelThatSaysNothingOfItsTypes_isTaken() {
    Path silent = new AlteredGguf(model).set("general.file_type", null).write(folder.resolve("silent.gguf"));
    AlteredGguf altered = new AlteredGguf(decoder).put("output.weight", ElementType.Q8_0, null, 4857L, 256L);
    Path target = folder.resolve("m.gguf");
    LlamaImporter.importDecoder(altered.write(folder.resolve("d.gguf")), silent, target, ConversionListener.NONE);
    assertThat(GgufContent.read(target).metadata()).doesNotContainKey("general.file_type");
  }

  @Test
  void import_ofOtherShapes_isRefusedByName() {
    assertRefused(new AlteredGguf(decoder).put("blk.1.attn_k.weight", ElementType.F16, null, 128L, 128L), ModelFormatException.class,
        "blk.1.attn_k.weight", "[128, 128]", "[128, 256]");
    AlteredGguf missing = new AlteredGguf(decoder);
    missing.tensors.remove("blk.2.ffn_up.weight");
    assertRefused(missing, ModelFormatException.class, "blk.2.ffn_up.weight", "missing", "[512, 256]");
    assertRefused(new AlteredGguf(decoder).put("blk.3.attn_norm.weight", ElementType.F32, null, 256L), ModelFormatException.class,
        "blk.3.attn_norm.weight", "no place");
  }

  @Test
  void import_ofOtherTypes_isRefusedByName() throws IOException {
    assertRefused(new AlteredGguf(decoder).put("blk.0.attn_norm.weight", ElementType.F16, null, 256L), UnsupportedModelException.class,
        "blk.0.attn_norm.weight", "F16", "must be F32");
    Path path = new AlteredGguf(decoder).put("blk.0.ffn_up.weight", ElementType.Q4_0, null, 512L, 256L).write(folder.resolve("d.gguf"));
    byte[] bytes = Files.readAllBytes(path);
    retype(bytes, "blk.0.ffn_up.weight", 39);
    Files.write(path, bytes);
    assertRefused(path, UnsupportedModelException.class, "blk.0.ffn_up.weight", "MXFP4", "Q4_K");
  }

  // Behind the name: rank, extents, then the type.
  private static void retype(byte[] file, String name, int type) {
    String latin = new String(file, StandardCharsets.ISO_8859_1);
    int at = latin.indexOf(name) + name.length();
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(at + 4 + 2 * 8, type);
  }

  @Test
  void import_ofAnotherModel_saysWhatDiffers() {
    assertRefused(changed("general.architecture", (m, key) -> m.string(key, "qwen2")), ModelFormatException.class, "qwen2", "qwen3");
    assertRefused(changed("general.architecture", null), ModelFormatException.class, "general.architecture", "missing");
    assertRefused(changed("qwen3.attention.head_count_kv", (m, key) -> m.u32(key, 4)), ModelFormatException.class, "qwen3.attention.head_count_kv", "4", "2");
    assertRefused(changed("qwen3.rope.freq_base", (m, key) -> m.f32(key, 10000)), ModelFormatException.class, "qwen3.rope.freq_base", "10000", "1000000");
    assertRefused(changed("qwen3.block_count", (m, key) -> m.string(key, "three")), ModelFormatException.class, "qwen3.block_count", "string");
    assertRefused(changed("tokenizer.ggml.tokens", (m, key) -> m.strings(key, List.of("a", "b"))), ModelFormatException.class, "2 tokens", "4857");
    List<String> tokens = tokens();
    tokens.set(440, "<|surprise|>");
    assertRefused(changed("tokenizer.ggml.tokens", (m, key) -> m.strings(key, tokens)), ModelFormatException.class, "token 440", "<|surprise|>",
        "<|glm_semantic_7|>");
  }

  @Test
  void import_withoutTokens_isTaken() {
    Path given = changed("tokenizer.ggml.tokens", null).write(folder.resolve("d.gguf"));
    LlamaImporter.importDecoder(given, model, folder.resolve("m.gguf"), ConversionListener.NONE);
    assertThat(folder.resolve("m.gguf")).exists();
  }

  private static List<String> tokens() {
    List<String> tokens = new ArrayList<>();
    ((List<?>) GgufContent.read(decoder).metadata().get("tokenizer.ggml.tokens")).forEach(token -> tokens.add((String) token));
    return tokens;
  }

  private static AlteredGguf changed(String key, BiConsumer<GgufMetadata, String> value) {
    return new AlteredGguf(decoder).set(key, value);
  }

  private void assertRefused(AlteredGguf altered, Class<? extends Throwable> type, String... parts) {
    assertRefused(altered.write(folder.resolve("d.gguf")), type, parts);
  }

  private void assertRefused(Path given, Class<? extends Throwable> type, String... parts) {
    Path target = folder.resolve("m.gguf");
    try {
      Files.writeString(target, "before");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThatThrownBy(() -> LlamaImporter.importDecoder(given, model, target, ConversionListener.NONE)).isInstanceOf(type)
        .hasMessageContaining("d.gguf").hasMessageContainingAll(parts);
    assertThat(target).hasContent("before");
    assertThat(folder.toFile().list()).containsExactlyInAnyOrder("m.gguf", "d.gguf");
  }
}
