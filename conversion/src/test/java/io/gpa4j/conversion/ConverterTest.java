package io.gpa4j.conversion;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.ElementType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConverterTest {
  private static GgufContent expected;

  @TempDir Path folder;

  @BeforeAll
  static void convertGoldens(@TempDir Path shared) {
    Converter.convert(GoldenCheckpoint.FOLDER, shared.resolve("model.gguf"), ConversionOptions.of(ElementType.F32), ConversionListener.NONE);
    expected = GgufContent.read(shared.resolve("model.gguf"));
  }

  @Test
  void convert_goldens_usesOrLeavesOutEveryTensorOnPurpose() {
    List<String> warnings = new ArrayList<>();
    AtomicLong bytes = new AtomicLong();
    ConversionReport report = Converter.convert(GoldenCheckpoint.FOLDER, folder.resolve("m.gguf"), ConversionOptions.of(ElementType.F32),
        new ConversionListener() {
          @Override
          public void started(int tensors, long total) {
            bytes.set(total);
          }

          @Override
          public void advanced(String tensor, int tensors, long done) {
            assertThat(done).isLessThanOrEqualTo(bytes.get());
          }

          @Override
          public void warned(String message) {
            warnings.add(message);
          }
        });
    assertThat(report.unknown()).isEmpty();
    assertThat(warnings).isEmpty();
    assertThat(report.networks()).containsExactly("decoder", "glm", "wav2vec2", "codec", "speaker");
    assertThat(folder.toFile().list()).containsExactly("m.gguf");
    assertThat(folder.resolve("m.gguf")).hasSize(report.bytes());
  }

  @Test
  void convert_goldens_writesExactlyTheDocumentedTensors() {
    assertThat(expected.tensors().keySet()).isEqualTo(DocumentedTensors.of(3, 4, 16, 7, 3, 2, 4, 2));
    assertThat(expected.types().values()).containsOnly(0);
  }

  @Test
  void convert_goldens_writesTheDocumentedMetadata() {
    Map<String, Object> metadata = expected.metadata();
    assertThat(metadata).containsEntry("general.architecture", "gpa").containsEntry("gpa.format_version", 1)
        .containsEntry("general.alignment", 64).containsEntry("general.file_type", 0)
        .containsEntry("gpa.networks", List.of("decoder", "glm", "wav2vec2", "codec", "speaker"))
        .containsEntry("gpa.decoder.architecture", "qwen3").containsEntry("gpa.decoder.head_dim", 64)
        .containsEntry("gpa.tokens.end_of_answer", 432).containsEntry("gpa.tokens.text_count", 430)
        .containsEntry("gpa.tokens.glm.first", 433).containsEntry("gpa.tokens.glm.count", 64)
        .containsEntry("gpa.tokens.global.first", 497).containsEntry("gpa.tokens.global.count", 4096)
        .containsEntry("gpa.tokens.semantic.first", 4593).containsEntry("gpa.tokens.semantic.count", 256)
        .containsEntry("gpa.glm.block_count", 4).containsEntry("gpa.wav2vec2.block_count", 16)
        .containsEntry("gpa.wav2vec2.feature_layers", List.of(11, 14, 16))
        .containsEntry("gpa.codec.generator.taps", List.of(16, 11, 8, 4)).containsEntry("gpa.codec.volume_normalize", true)
        .containsEntry("gpa.speaker.mel_fmax", 8000f).containsEntry("gpa.speaker.clip_samples", 96000);
    assertThat(metadata).doesNotContainKey("gpa.sampling.temperature");
  }

  @Test
  void convert_sixteenBits_roundsTheWeightsAlone() {
    for (ElementType type : List.of(ElementType.F16, ElementType.BF16)) {
      GgufContent got = convert(GoldenCheckpoint.FOLDER, ConversionOptions.of(type));
      assertThat(got.types()).containsEntry("decoder.token_embd.weight", type.id()).containsEntry("codec.generator.blk.0.up.weight", type.id())
          .containsEntry("decoder.output_norm.weight", 0).containsEntry("glm.codebook", 0).containsEntry("codec.generator.conv_out.weight", 0)
          .containsEntry("codec.prenet.backbone.blk.0.dwconv.weight", 0).containsEntry("speaker.fsq_in.weight", 0);
      assertEqual(got, name -> name, (name, values) -> got.types().get(name) == 0 ? values : Elements.rounded(values, type));
    }
  }

  @Test
  void convert_decoderOfAnotherType_keepsTheOthers() {
    GgufContent got = convert(GoldenCheckpoint.FOLDER, ConversionOptions.of(new WeightTypes(Recipe.F16, Recipe.BF16, List.of(), null)));
    assertThat(got.types()).containsEntry("decoder.blk.0.attn_q.weight", ElementType.BF16.id())
        .containsEntry("glm.conv1.weight", ElementType.F16.id());
  }

  @Test
  void convert_anyNumberOfThreads_writesTheSameFile() {
    for (int threads : new int[] {1, 5}) {
      Path target = folder.resolve("model-" + threads);
      Converter.convert(GoldenCheckpoint.FOLDER, target, ConversionOptions.of(ElementType.F16).withThreads(threads), ConversionListener.NONE);
    }
    assertThat(folder.resolve("model-1")).hasSameBinaryContentAs(folder.resolve("model-5"));
  }

  @Test
  void convert_shardsAndOtherNames_givesEqualTensors() {
    GoldenCheckpoint golden = GoldenCheckpoint.read();
    golden.writeFiles(folder);
    GoldenCheckpoint.writeShards(folder, golden.tensors.get(GoldenCheckpoint.DECODER), 7);
    GoldenCheckpoint.writeSafetensors(folder.resolve("BiCodec/model.safetensors"),
        renamed(golden.tensors.get(GoldenCheckpoint.CODEC), ConverterTest::parametrized), ElementType.F32);
    GoldenCheckpoint.writeSafetensors(folder.resolve(GoldenCheckpoint.WAV2VEC2 + "/model.safetensors"),
        renamed(golden.tensors.get(GoldenCheckpoint.WAV2VEC2), name -> parametrized(name.replace("wav2vec2.", ""))), ElementType.F32);
    GoldenCheckpoint.writeSafetensors(folder.resolve(GoldenCheckpoint.GLM + "/model.safetensors"), golden.tensors.get(GoldenCheckpoint.GLM),
        ElementType.F32);
    assertEqual(convert(folder, ConversionOptions.of(ElementType.F32)), name -> name, (name, values) -> values);
  }

  @Test
  void convert_storedInSixteenBits_keepsEveryValue() {
    for (ElementType type : List.of(ElementType.BF16, ElementType.F16)) {
      GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly();
      GgufContent got = convert(golden.write(folder.resolve(type.name()), type), ConversionOptions.of(ElementType.F32));
      assertEqual(got, name -> name.startsWith("decoder.") ? name : null, (name, values) -> Elements.rounded(values, type));
    }
  }

  @Test
  void convert_decoderAlone_holdsNothingElse() {
    GgufContent got = convert(GoldenCheckpoint.read().decoderOnly().write(folder.resolve("c"), ElementType.F32), ConversionOptions.of(ElementType.F32));
    assertThat(got.metadata()).containsEntry("gpa.networks", List.of("decoder")).doesNotContainKey("gpa.codec.hop");
    assertEqual(got, name -> name.startsWith("decoder.") ? name : null, (name, values) -> values);
  }

  @Test
  void convert_tokenizerWithoutAudioTokens_leavesTheirKeysOut() {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly();
    golden.files.put("tokenizer.json", GoldenCheckpoint.json(Map.of("added_tokens", List.of(Map.of("id", 430, "content", "<|endoftext|>")))));
    GgufContent got = convert(golden.write(folder.resolve("c"), ElementType.F32), ConversionOptions.of(ElementType.F32));
    assertThat(got.metadata()).containsEntry("gpa.tokens.end_of_answer", 432).containsEntry("gpa.tokens.text_count", 430)
        .doesNotContainKey("gpa.tokens.start_glm").doesNotContainKey("gpa.tokens.glm.first");
  }

  @Test
  void convert_untied_writesTheHead() {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly().set("config.json", "tie_word_embeddings", false);
    Tensors head = golden.tensors.get("").get("model.embed_tokens.weight").map(x -> -x);
    golden.tensors.get("").put("lm_head.weight", head);
    GgufContent got = convert(golden.write(folder.resolve("c"), ElementType.F32), ConversionOptions.of(ElementType.F32));
    assertThat(got.tensors().get("decoder.output.weight").values()).isEqualTo(head.values());
  }

  @Test
  void convert_tiedWithAHead_leavesItOut() {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly();
    golden.tensors.get("").put("lm_head.weight", golden.tensors.get("").get("model.embed_tokens.weight"));
    GgufContent got = convert(golden.write(folder.resolve("c"), ElementType.F32), ConversionOptions.of(ElementType.F32));
    assertThat(got.tensors()).doesNotContainKey("decoder.output.weight");
  }

  @Test
  void convert_qwen2_writesBiasesAndNoHeadNorms() {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly().set("config.json", "architectures", List.of("Qwen2ForCausalLM"))
        .set("config.json", "head_dim", null).set("config.json", "model_type", "qwen2");
    Map<String, Tensors> decoder = golden.tensors.get("");
    decoder.keySet().removeIf(name -> name.endsWith("_norm.weight"));
    Map<String, Tensors> biases = new HashMap<>();
    for (int n = 0; n < 3; n++) {
      biases.put("model.layers." + n + ".self_attn.q_proj.bias", Tensors.filled(n, 256));
      biases.put("model.layers." + n + ".self_attn.k_proj.bias", Tensors.filled(n + 10, 128));
      biases.put("model.layers." + n + ".self_attn.v_proj.bias", Tensors.filled(n + 20, 128));
    }
    decoder.putAll(biases);
    GgufContent got = convert(golden.write(folder.resolve("c"), ElementType.F32), ConversionOptions.of(ElementType.F32));
    assertThat(got.metadata()).containsEntry("gpa.decoder.architecture", "qwen2").containsEntry("gpa.decoder.head_dim", 64);
    assertThat(got.tensors()).doesNotContainKey("decoder.blk.0.attn_q_norm.weight");
    assertThat(got.tensors().get("decoder.blk.2.attn_v.bias").values()).isEqualTo(Tensors.filled(22, 128).values());
  }

  @Test
  void convert_unknownTensor_isLeftOutWithAWarning() {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly();
    golden.tensors.get("").put("model.surprise", Tensors.filled(1, 2));
    ConversionReport report = Converter.convert(golden.write(folder.resolve("c"), ElementType.F32), folder.resolve("m.gguf"),
        ConversionOptions.of(ElementType.F32), ConversionListener.NONE);
    assertThat(report.unknown()).singleElement().asString().endsWith("model.surprise");
  }

  @Test
  void convert_readmeAndGenerationConfig_fillCardAndSampling() {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly().set("generation_config.json", "temperature", 0.5)
        .set("generation_config.json", "top_k", 7);
    golden.files.put("README.md", "---\nlicense: cc-by-4.0\n---\n# Card\n".getBytes(StandardCharsets.UTF_8));
    GgufContent got = convert(golden.write(folder.resolve("c"), ElementType.F32),
        ConversionOptions.of(ElementType.F32).withCard("small", null, "https://example.org/small"));
    assertThat(got.metadata()).containsEntry("general.license", "cc-by-4.0").containsEntry("general.name", "small")
        .containsEntry("general.source", "https://example.org/small").containsEntry("gpa.sampling.temperature", 0.5f)
        .containsEntry("gpa.sampling.top_k", 7).doesNotContainKey("gpa.sampling.top_p");
  }

  private GgufContent convert(Path checkpoint, ConversionOptions options) {
    Path target = folder.resolve("converted.gguf");
    Converter.convert(checkpoint, target, options, ConversionListener.NONE);
    return GgufContent.read(target);
  }

  private interface Change {
    float[] of(String name, float[] values);
  }

  private static void assertEqual(GgufContent got, UnaryOperator<String> selected, Change change) {
    Set<String> names = new TreeSet<>();
    expected.tensors().forEach((name, want) -> {
      if (selected.apply(name) != null) {
        names.add(name);
        Tensors tensor = got.tensors().get(name);
        assertThat(tensor).as(name).isNotNull();
        assertThat(tensor.shape()).as(name).isEqualTo(want.shape());
        assertThat(tensor.values()).as(name).isEqualTo(change.of(name, want.values()));
      }
    });
    assertThat(got.tensors().keySet()).isEqualTo(names);
  }

  private static Map<String, Tensors> renamed(Map<String, Tensors> tensors, UnaryOperator<String> rename) {
    Map<String, Tensors> renamed = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> renamed.put(rename.apply(name), tensor));
    return renamed;
  }

  private static String parametrized(String name) {
    return name.replace(".weight_g", ".parametrizations.weight.original0").replace(".weight_v", ".parametrizations.weight.original1");
  }
}
