package io.gpa4j.conversion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.CancelledException;
import io.gpa4j.ElementType;
import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.checkpoint.Checkpoint;
import io.gpa4j.fabricate.FabricatedCheckpoint;
import io.gpa4j.fabricate.Fabricator;
import io.gpa4j.fabricate.ModelShape;
import io.gpa4j.gguf.Inspector;
import io.gpa4j.verify.StageResult;
import io.gpa4j.verify.Verifier;
import io.gpa4j.verify.VerifyOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a checkpoint is told by type, file and name, and leaves no file behind. */
class BadCheckpointTest {
  private static final String CODEC_CONFIG = "BiCodec/config.yaml";
  private static final String WAV2VEC2_CONFIG = GoldenCheckpoint.WAV2VEC2 + "/config.json";

  @TempDir Path folder;

  private Path target() {
    return folder.resolve("out/model.gguf");
  }

  @AfterEach
  void nothingIsLeftBehind() throws IOException {
    try (var left = Files.list(Files.createDirectories(folder.resolve("out")))) {
      assertThat(left).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
      "'', model.layers.1.mlp.up_proj.weight, model.safetensors",
      "BiCodec, decoder.model.2.block.1.weight_v, BiCodec/model.safetensors",
      "BiCodec, prenet.downsample.1.1.convnext.1.dwconv.weight, BiCodec/model.safetensors",
      "BiCodec, speaker_encoder.perceiver_sampler.layers.1.0.to_kv.weight, BiCodec/model.safetensors",
      "BiCodec, speaker_encoder.speaker_encoder.layer3.se_res2block.1.bns.4.running_var, BiCodec/model.safetensors",
      "glm-4-voice-tokenizer, codebook.weight, glm-4-voice-tokenizer/model.safetensors",
      "BiCodec/wav2vec2-large-xlsr-53, wav2vec2.encoder.layers.15.final_layer_norm.bias, wav2vec2-large-xlsr-53/model.safetensors"})
  void convert_tensorMissingOrMisshapen_namesFileTensorAndShapes(String network, String name, String file) {
    GoldenCheckpoint golden = GoldenCheckpoint.read();
    Tensors tensor = golden.tensors.get(network).remove(name);
    golden.tensors.get(network).put(name + "_renamed", tensor);
    assertRefused(golden, ModelFormatException.class, file, name, "missing", Arrays.toString(tensor.shape()));

    golden.tensors.get(network).remove(name + "_renamed");
    long[] longer = tensor.shape().clone();
    longer[0]++;
    golden.tensors.get(network).put(name, Tensors.filled(1, longer));
    assertRefused(golden, ModelFormatException.class, file, name, Arrays.toString(tensor.shape()), Arrays.toString(longer));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 60})
  void convert_widthThatNoConfigHolds_isCheckedToo(long width) {
    GoldenCheckpoint golden = GoldenCheckpoint.read();
    golden.tensors.get("BiCodec").put("speaker_encoder.speaker_encoder.layer1.conv.weight", Tensors.filled(1, width, 128, 5));
    assertRefused(golden, ModelFormatException.class, "speaker_encoder.speaker_encoder.layer1.conv.weight", "multiple of 8");
  }

  @ParameterizedTest
  @CsvSource({"NaN", "Infinity", "-Infinity"})
  void convert_weightNotFinite_namesTensorAndElement(float bad) {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly();
    golden.tensors.get("").get("model.layers.2.mlp.down_proj.weight").values()[4321] = bad;
    assertRefused(golden, ModelFormatException.class, "model.safetensors", "model.layers.2.mlp.down_proj.weight", "element 4321");
  }

  @Test
  void convert_valueBeyondHalf_saysWhichTypeFits() {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly();
    golden.tensors.get("").get("model.layers.0.mlp.up_proj.weight").values()[7] = 70000;
    Path checkpoint = golden.write(folder.resolve("c"), ElementType.F32);
    assertThatThrownBy(() -> Converter.convert(checkpoint, makeTarget(), ConversionOptions.of(ElementType.F16), ConversionListener.NONE))
        .isInstanceOf(ModelFormatException.class).hasMessageContainingAll("model.layers.0.mlp.up_proj.weight", "70000", "element 7", "bf16");
  }

  @Test
  void convert_failure_keepsTheFileThatWasThere() throws IOException {
    GoldenCheckpoint golden = GoldenCheckpoint.read().decoderOnly();
    golden.tensors.get("").get("model.layers.2.mlp.down_proj.weight").values()[0] = Float.NaN;
    Files.createDirectories(target().getParent());
    Files.writeString(target(), "before");
    Path checkpoint = golden.write(folder.resolve("c"), ElementType.F32);
    assertThatThrownBy(() -> Converter.convert(checkpoint, target(), ConversionOptions.of(ElementType.F32), ConversionListener.NONE))
        .isInstanceOf(ModelFormatException.class);
    assertThat(target()).hasContent("before");
    Files.delete(target());
  }

  @Test
  void convert_interrupted_isCancelled() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> Converter.convert(GoldenCheckpoint.FOLDER, makeTarget(), ConversionOptions.of(ElementType.F32), ConversionListener.NONE))
        .isInstanceOf(CancelledException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void convert_listenerThrows_comesOut() {
    ConversionListener failing = new ConversionListener() {
      @Override
      public void advanced(String tensor, int tensors, long bytes) {
        throw new IllegalStateException("enough");
      }
    };
    assertThatThrownBy(() -> Converter.convert(GoldenCheckpoint.FOLDER, makeTarget(), ConversionOptions.of(ElementType.F32), failing))
        .isInstanceOf(IllegalStateException.class).hasMessage("enough");
  }

  @Test
  void nulls_areNamed() {
    ConversionOptions options = ConversionOptions.of(ElementType.F32);
    ConversionListener none = ConversionListener.NONE;
    FabricatedCheckpoint fabricated = new FabricatedCheckpoint(ModelShape.TINY, 1);
    Consumer<StageResult> ignored = stage -> {};
    assertNull("checkpoint", () -> Converter.convert((Path) null, target(), options, none));
    assertNull("checkpoint", () -> Converter.convert((Checkpoint) null, target(), options, none));
    assertNull("target", () -> Converter.convert(GoldenCheckpoint.FOLDER, null, options, none));
    assertNull("options", () -> Converter.convert(GoldenCheckpoint.FOLDER, target(), null, none));
    assertNull("listener", () -> Converter.convert(GoldenCheckpoint.FOLDER, target(), options, null));
    assertNull("type", () -> ConversionOptions.of((ElementType) null));
    assertNull("shape", () -> new FabricatedCheckpoint(null, 1));
    assertNull("folder", () -> Fabricator.writeFolder(fabricated, null, ElementType.F32, none));
    assertNull("type", () -> Fabricator.writeFolder(fabricated, target(), null, none));
    assertNull("path", () -> Inspector.inspect(null));
    assertNull("model", () -> Verifier.verify(null, folder, VerifyOptions.defaults(), none, ignored));
    assertNull("goldens", () -> Verifier.verify(target(), null, VerifyOptions.defaults(), none, ignored));
    assertNull("onResult", () -> Verifier.verify(target(), folder, VerifyOptions.defaults(), none, null));
  }

  private static void assertNull(String named, Runnable call) {
    assertThatThrownBy(call::run).isInstanceOf(NullPointerException.class).hasMessageContaining(named);
  }

  @Test
  void convert_noFolderOrFile_saysWhich() {
    assertThatThrownBy(() -> Converter.convert(folder.resolve("absent"), makeTarget(), ConversionOptions.of(ElementType.F32), ConversionListener.NONE))
        .isInstanceOf(GpaIoException.class).hasMessageContaining("absent");
    GoldenCheckpoint golden = GoldenCheckpoint.read();
    golden.files.remove(CODEC_CONFIG);
    assertRefused(golden, GpaIoException.class, CODEC_CONFIG);
    golden = GoldenCheckpoint.read();
    golden.tensors.remove(GoldenCheckpoint.GLM);
    assertRefused(golden, GpaIoException.class, GoldenCheckpoint.GLM, "weights");
  }

  @Test
  void convert_targetFolderMissing_saysSo() {
    Path nowhere = folder.resolve("nowhere/model.gguf");
    assertThatThrownBy(() -> Converter.convert(GoldenCheckpoint.FOLDER, nowhere, ConversionOptions.of(ElementType.F32), ConversionListener.NONE))
        .isInstanceOf(GpaIoException.class).hasMessageContaining("nowhere");
  }

  @ParameterizedTest
  @CsvSource({
      "config.json, hidden_size, text", "config.json, num_hidden_layers, -1", "config.json, vocab_size, 99999999999",
      "config.json, num_attention_heads, 3", "config.json, rms_norm_eps, tiny", "glm-4-voice-tokenizer/config.json, d_model, 65",
      "glm-4-voice-tokenizer/config.json, quantize_position, 3", "glm-4-voice-tokenizer/config.json, quantize_vocab_size, 65"})
  void convert_configWrong_namesFileAndKey(String file, String key, String value) {
    Object parsed = value.matches("-?\\d+") ? (Object) Long.valueOf(value) : value;
    assertRefused(GoldenCheckpoint.read().set(file, key, parsed), ModelFormatException.class,
        key.equals("quantize_vocab_size") ? "65 entries" : key.equals("d_model") ? "encoder_attention_heads" : key);
    if (!key.equals("rms_norm_eps") && !key.equals("quantize_position")) {
      assertRefused(GoldenCheckpoint.read().set(file, key, null), ModelFormatException.class, file, "'" + key + "' is missing");
    }
  }

  @Test
  void convert_beyondTheEngine_isUnsupported() {
    assertRefused(GoldenCheckpoint.read().set("config.json", "architectures", List.of("LlamaForCausalLM")), UnsupportedModelException.class,
        "LlamaForCausalLM");
    assertRefused(GoldenCheckpoint.read().set("config.json", "rope_scaling", Map.of("type", "yarn")), UnsupportedModelException.class, "rope_scaling");
    assertRefused(GoldenCheckpoint.read().replace(CODEC_CONFIG, "sample_ratios:\n    - 1\n    - 1", "sample_ratios: [2, 1]"),
        UnsupportedModelException.class, CODEC_CONFIG, "sample_ratios");
    assertRefused(GoldenCheckpoint.read().set(WAV2VEC2_CONFIG, "feat_extract_norm", "group"), UnsupportedModelException.class, "feat_extract_norm");
  }

  @Test
  void convert_shapesThatDoNotFit_nameTheKey() {
    assertRefused(GoldenCheckpoint.read().set(WAV2VEC2_CONFIG, "feature_layers", List.of(1, 18)), ModelFormatException.class, "feature_layers");
    assertRefused(GoldenCheckpoint.read().set(WAV2VEC2_CONFIG, "num_hidden_layers", 16), ModelFormatException.class, "num_hidden_layers");
    assertRefused(GoldenCheckpoint.read().set(WAV2VEC2_CONFIG, "hidden_size", 128), ModelFormatException.class, CODEC_CONFIG, "input_channels");
    assertRefused(GoldenCheckpoint.read().replace(CODEC_CONFIG, "rates:\n    - 8", "rates:\n    - 9"), ModelFormatException.class, "rates");
    assertRefused(GoldenCheckpoint.read().replace(CODEC_CONFIG, "condition_dim: 64", "condition_dim: 63"), ModelFormatException.class, "condition_dim");
    for (String seconds : new String[] {"1e300", "-6", "0"}) {
      assertRefused(GoldenCheckpoint.read().replace(CODEC_CONFIG, "ref_segment_duration: 6", "ref_segment_duration: " + seconds),
          ModelFormatException.class, "ref_segment_duration");
    }
  }

  @Test
  void convert_filesThatAreNoJsonOrYaml_areRefused() {
    for (String file : List.of("config.json", "tokenizer.json", CODEC_CONFIG, WAV2VEC2_CONFIG)) {
      GoldenCheckpoint golden = GoldenCheckpoint.read();
      golden.files.put(file, "{ : [".getBytes(StandardCharsets.US_ASCII));
      assertRefused(golden, ModelFormatException.class, file);
    }
  }

  @Test
  void convert_tokensMissingOrScattered_nameTheToken() {
    assertRefused(GoldenCheckpoint.read().replace("tokenizer.json", "<|start_glm_token|>", "<|begin_glm_token|>"), ModelFormatException.class,
        "tokenizer.json", "<|start_glm_token|>");
    assertRefused(GoldenCheckpoint.read().replace("tokenizer.json", "<|glm_semantic_7|>", "<|glm_semantic_700|>"), ModelFormatException.class,
        "<|glm_semantic_7|>");
    assertRefused(GoldenCheckpoint.read().replace("tokenizer.json", "\"id\": 440,", "\"id\": 4800,"), ModelFormatException.class,
        "<|glm_semantic_7|>", "4800");
    assertRefused(GoldenCheckpoint.read().replace("tokenizer.json", "\"id\": 4856,", "\"id\": 4857,"), ModelFormatException.class,
        "<|end_glm_token|>", "4857");
  }

  private Path makeTarget() {
    try {
      Files.createDirectories(target().getParent());
      return target();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void assertRefused(GoldenCheckpoint golden, Class<? extends Throwable> type, String... parts) {
    Path checkpoint = folder.resolve("c" + System.nanoTime());
    golden.write(checkpoint, ElementType.F32);
    makeTarget();
    AbstractThrowableAssert<?, ?> refusal = assertThatThrownBy(
        () -> Converter.convert(checkpoint, target(), ConversionOptions.of(ElementType.F32), ConversionListener.NONE));
    refusal.isInstanceOf(type).hasMessageContainingAll(parts);
  }
}
