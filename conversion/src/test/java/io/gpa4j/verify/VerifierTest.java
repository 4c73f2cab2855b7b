package io.gpa4j.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpa4j.CancelledException;
import io.gpa4j.ElementType;
import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.Converter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The verifier passes what is right, and fails on each single thing that is wrong. */
class VerifierTest {
  private static final Path GOLDENS = Path.of("..", "tests", "data", "goldens");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path shared;
  private static Path model;

  @TempDir Path folder;

  @BeforeAll
  static void convert() {
    model = shared.resolve("model.gguf");
    Converter.convert(GOLDENS.resolve("checkpoint"), model, ConversionOptions.of(ElementType.F32), ConversionListener.NONE);
  }

  @Test
  void verify_checkpointFolder_passesEveryStage() {
    VerifyReport report = verify(GOLDENS.resolve("checkpoint"), GOLDENS);
    assertThat(report.stages()).allSatisfy(stage -> assertThat(stage.passed()).as(VerifyReport.row(stage)).isTrue());
    assertThat(report.stages().stream().map(stage -> stage.stage() + " " + stage.input())).contains("volume golden", "glm_mel own",
        "glm_tokenizer golden", "wav2vec2 own", "bicodec_encoder own", "speaker_encoder own", "bicodec_decoder golden", "decoder golden",
        "sampling golden", "greedy full golden", "greedy restricted rp1.2 golden", "tokenization golden");
    assertThat(stage(report, "decoder").tensors()).hasSizeGreaterThan(18);
    assertThat(stage(report, "sampling").tensors()).hasSize(27);
    assertThat(stage(report, "greedy full").generated()).isEqualTo(576);
    assertThat(stage(report, "bicodec_decoder").snrDecibels()).isGreaterThan(80);
  }

  @ParameterizedTest
  @CsvSource({
      "short, decode_wav, bicodec_decoder", "short, glm_conv1, glm_tokenizer", "odd, w2v_hidden_14, wav2vec2", "long, speaker_mel, speaker_mel",
      "short, semantic_ids, bicodec_encoder", "odd, global_ids, speaker_encoder", "long, glm_ids, glm_tokenizer",
      "decoder, asr_odd.logits_last, decoder", "decoder, tts_long.hidden_final_last8, decoder", "decoder, tts_short.logits_all, decoder",
      "decoder, vc_long.greedy_restricted, greedy restricted", "decoder, asr_short.greedy_full_rp1.2, greedy full rp1.2",
      "decoder, tts_odd.probs_t1.3_p0.95, sampling"})
  void verify_oneGoldenElementChanged_failsItsStage(String file, String tensor, String stage) throws IOException {
    Path goldens = copyOf(file);
    change(goldens.resolve(file + ".safetensors"), tensor);
    VerifyReport report = verify(model, goldens);
    assertThat(report.passed()).isFalse();
    StageResult failed = stage(report, stage);
    assertThat(failed.passed()).isFalse();
    assertThat(VerifyReport.row(failed)).contains("FAIL").contains(tensor);
    assertThat(report.toJson()).contains("\"passed\" : false");
  }

  @Test
  void verify_idChangedWithoutAMargin_isNoFailure() throws IOException {
    Path goldens = copyOf("short");
    change(goldens.resolve("short.safetensors"), "semantic_ids");
    zero(goldens.resolve("short.safetensors"), "semantic_margin");
    StageResult stage = stage(verify(model, goldens), "bicodec_encoder");
    assertThat(stage.idsDiffering()).isEqualTo(1);
    assertThat(stage.idsFirm()).isZero();
    assertThat(stage.passed()).isTrue();
  }

  @Test
  void verify_tokenizationChanged_fails() throws IOException {
    Path goldens = copyWithout();
    ObjectNode summary = (ObjectNode) JSON.readTree(goldens.resolve("summary.json").toFile());
    ((ObjectNode) summary.get("tokenization").get(0)).putArray("plain_ids").add(1).add(2);
    JSON.writeValue(goldens.resolve("summary.json").toFile(), summary);
    assertThat(stage(verify(model, goldens), "tokenization").passed()).isFalse();
  }

  @Test
  void verify_decoderGoldensAlone_comparesTheDecoderAlone() throws IOException {
    Path goldens = copyWithout("short", "long", "odd", "volume");
    ObjectNode summary = (ObjectNode) JSON.readTree(goldens.resolve("summary.json").toFile());
    summary.remove("clips");
    JSON.writeValue(goldens.resolve("summary.json").toFile(), summary);
    VerifyReport report = verify(decoderOnly(), goldens);
    assertThat(report.passed()).as(report.toTable()).isTrue();
    assertThat(report.stages()).extracting(StageResult::stage).contains("decoder", "sampling").doesNotContain("glm_mel");
  }

  @Test
  void verify_someTensorsOfSomeClips_comparesThose() throws IOException {
    Path goldens = copyWithout("long", "decoder", "volume");
    keep(goldens.resolve("short.safetensors"), "wav", "glm_ids", "decode_wav");
    keep(goldens.resolve("odd.safetensors"), "speaker_mel", "global_ids", "semantic_ids", "decode_wav");
    List<String> warnings = new ArrayList<>();
    List<String> rows = new ArrayList<>();
    ConversionListener listener = new ConversionListener() {
      @Override
      public void warned(String message) {
        warnings.add(message);
      }
    };
    VerifyReport report = Verifier.verify(model, goldens, VerifyOptions.defaults(), listener, row -> rows.add(row.stage() + " " + row.input()));
    assertThat(report.passed()).as(report.toTable()).isTrue();
    assertThat(rows).containsExactly("speaker_encoder golden", "bicodec_decoder golden", "glm_tokenizer own", "bicodec_decoder own",
        "tokenization golden");
    assertThat(report.gaps()).isEqualTo(warnings).singleElement().asString().contains("long.safetensors").contains("missing");
    assertThat(JSON.readTree(report.toJson()).get("gaps")).hasSize(1);
  }

  @Test
  void verify_withoutASummary_comparesTheFilesThereAre() throws IOException {
    Path goldens = copyWithout("long", "decoder", "volume", "summary");
    VerifyReport report = verify(model, goldens);
    assertThat(report.passed()).as(report.toTable()).isTrue();
    assertThat(stage(report, "bicodec_encoder").tensors()).extracting(TensorResult::name).contains("odd: bicodec_ze", "short: bicodec_ze");
  }

  @ParameterizedTest
  @CsvSource({"short, decoded_wav, goldens", "short, decode_vaw, bicodec_decoder", "odd, glm_layer7, glm_tokenizer", "long, w2v_hidden_12, wav2vec2", "decoder, asr_odd.logits, decoder"})
  void verify_goldenThatNothingComputes_fails(String file, String tensor, String stage) throws IOException {
    Path goldens = copyOf(file);
    Path path = goldens.resolve(file + ".safetensors");
    String of = file.equals("decoder") ? "asr_odd.hidden_final_last8" : "decode_wav";
    rename(path, of, tensor);
    StageResult failed = stage(verify(model, goldens), stage);
    assertThat(failed.passed()).isFalse();
    assertThat(failed.note()).contains(tensor);
  }

  @Test
  void verify_goldenWithoutItsInputs_fails() throws IOException {
    Path goldens = copyWithout("short", "long", "decoder", "volume");
    keep(goldens.resolve("odd.safetensors"), "glm_mel", "glm_layer0", "decode_wav", "semantic_ids");
    VerifyReport report = verify(model, goldens);
    assertThat(stage(report, "bicodec_decoder").note()).contains("odd").contains("global_ids").contains("decode_wav");
    assertThat(stage(report, "glm_tokenizer").passed()).isFalse();
  }

  @Test
  void verify_goldenThatIsNotFiniteOrCut_fails() throws IOException {
    Path goldens = copyWithout("long", "odd", "decoder", "volume");
    Path file = goldens.resolve("short.safetensors");
    edit(file, "bicodec_ze", (data, isInts) -> data.putFloat(8, Float.NaN));
    StageResult failed = stage(verify(model, goldens), "bicodec_encoder");
    assertThat(failed.passed()).isFalse();
    assertThat(failed.note()).contains("bicodec_ze").contains("NaN");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1000));
    assertThatThrownBy(() -> verify(model, goldens)).isInstanceOf(ModelFormatException.class).hasMessageContaining("short.safetensors");
  }

  @Test
  void verify_interrupted_isCancelled() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> verify(model, GOLDENS)).isInstanceOf(CancelledException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void verify_modelWithoutTheNetworks_failsAndSaysSo() {
    VerifyReport report = verify(decoderOnly(), GOLDENS);
    assertThat(report.passed()).isFalse();
    assertThat(stage(report, "wav2vec2").note()).contains("wav2vec2");
    assertThat(stage(report, "decoder").passed()).isTrue();
  }

  @Test
  void verify_halfPrecision_failsTheDefaultsAndPassesLooserBounds() {
    Path half = folder.resolve("half.gguf");
    Converter.convert(GOLDENS.resolve("checkpoint"), half, ConversionOptions.of(ElementType.F16), ConversionListener.NONE);
    assertThat(verify(half, GOLDENS).passed()).isFalse();
    VerifyReport loose = Verifier.verify(half, GOLDENS, new VerifyOptions(1e-3, 30, 1000, 1e-5, 0), ConversionListener.NONE, stage -> {});
    assertThat(loose.passed()).as(loose.toTable()).isTrue();
  }

  @Test
  void verify_json_holdsEveryStageAndTensor() throws IOException {
    JsonNode json = JSON.readTree(verify(model, GOLDENS).toJson());
    assertThat(json.get("passed").asBoolean()).isTrue();
    assertThat(json.get("stages")).allSatisfy(stage -> assertThat(stage.has("nmse") && stage.has("ids_differing_firm")).isTrue());
    assertThat(json.get("stages").findValuesAsText("name")).contains("short: decode_wav", "tts_short.logits_all");
  }

  @Test
  void verify_nothingToCompare_isAnError() throws IOException {
    assertThatThrownBy(() -> verify(model, folder.resolve("absent"))).isInstanceOf(GpaIoException.class).hasMessageContaining("absent");
    Files.createDirectories(folder.resolve("empty"));
    assertThatThrownBy(() -> verify(model, folder.resolve("empty"))).isInstanceOf(GpaIoException.class).hasMessageContaining("no goldens");
    Files.writeString(folder.resolve("text.gguf"), "this is no model");
    assertThatThrownBy(() -> verify(folder.resolve("text.gguf"), GOLDENS)).isInstanceOf(ModelFormatException.class);
  }

  private Path decoderOnly() {
    Path checkpoint = folder.resolve("decoder-only");
    try {
      Files.createDirectories(checkpoint);
      for (String file : List.of("config.json", "generation_config.json", "tokenizer.json", "model.safetensors")) {
        Files.copy(GOLDENS.resolve("checkpoint").resolve(file), checkpoint.resolve(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return checkpoint;
  }

  private static VerifyReport verify(Path model, Path goldens) {
    return Verifier.verify(model, goldens, VerifyOptions.defaults(), ConversionListener.NONE, stage -> {});
  }

  private static StageResult stage(VerifyReport report, String name) {
    return report.stages().stream().filter(stage -> stage.stage().equals(name) && stage.input().equals("golden")).findFirst().orElseThrow();
  }

  // The summary and one file.
  private Path copyOf(String file) throws IOException {
    return copyWithout(Stream.of("short", "odd", "long", "decoder", "volume").filter(other -> !other.equals(file)).toArray(String[]::new));
  }

  private Path copyWithout(String... left) throws IOException {
    Path copy = Files.createDirectories(folder.resolve("goldens"));
    try (Stream<Path> files = Files.list(GOLDENS)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        if (Stream.of(left).noneMatch(prefix -> name.startsWith(prefix + "."))) {
          Files.copy(file, copy.resolve(name));
        }
      }
    }
    return copy;
  }

  // Raises the tensor's middle element well above rounding.
  private static void change(Path file, String tensor) throws IOException {
    edit(file, tensor, (data, isInts) -> {
      int at = data.limit() / 8 * 4;
      if (isInts) {
        data.putInt(at, data.getInt(at) == 0 ? 1 : data.getInt(at) - 1);
      } else {
        data.putFloat(at, data.getFloat(at) + 0.5f);
      }
    });
  }

  private static void zero(Path file, String tensor) throws IOException {
    edit(file, tensor, (data, isInts) -> {
      for (int at = 0; at < data.limit(); at += 4) {
        data.putFloat(at, 0);
      }
    });
  }

  // Leaves these tensors alone.
  private static void keep(Path file, String... names) throws IOException {
    rewrite(file, header -> ((ObjectNode) header).retain(names));
  }

  // Another name for the same data.
  private static void rename(Path file, String from, String to) throws IOException {
    rewrite(file, header -> ((ObjectNode) header).set(to, ((ObjectNode) header).remove(from)));
  }

  // Writes the tensors that the changed header names, one after the other.
  private static void rewrite(Path file, Consumer<JsonNode> change) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    JsonNode header = JSON.readTree(bytes, 8, length);
    change.accept(header);
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    header.fields().forEachRemaining(entry -> {
      ArrayNode offsets = (ArrayNode) entry.getValue().get("data_offsets");
      if (offsets != null) {
        int begin = offsets.get(0).asInt();
        int count = offsets.get(1).asInt() - begin;
        offsets.removeAll().add(data.size()).add(data.size() + count);
        data.write(bytes, 8 + length + begin, count);
      }
    });
    byte[] json = JSON.writeValueAsBytes(header);
    Files.write(file, ByteBuffer.allocate(8 + json.length + data.size()).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json)
        .put(data.toByteArray()).array());
  }

  private interface Edit {
    void apply(ByteBuffer data, boolean isInts);
  }

  private static void edit(Path file, String tensor, Edit edit) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    JsonNode entry = JSON.readTree(bytes, 8, length).get(tensor);
    int begin = 8 + length + entry.get("data_offsets").get(0).asInt();
    int end = 8 + length + entry.get("data_offsets").get(1).asInt();
    edit.apply(ByteBuffer.wrap(bytes, begin, end - begin).slice().order(ByteOrder.LITTLE_ENDIAN), entry.get("dtype").asText().equals("I32"));
    Files.write(file, bytes);
  }
}
