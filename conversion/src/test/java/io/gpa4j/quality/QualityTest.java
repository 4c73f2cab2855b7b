package io.gpa4j.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.AudioFormatException;
import io.gpa4j.AudioSource;
import io.gpa4j.CancelledException;
import io.gpa4j.ElementType;
import io.gpa4j.Gpa;
import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.Precision;
import io.gpa4j.Tensor;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.Converter;
import io.gpa4j.conversion.QuantizeOptions;
import io.gpa4j.conversion.Quantizer;
import io.gpa4j.conversion.Recipe;
import io.gpa4j.conversion.WeightTypes;
import io.gpa4j.fabricate.FabricatedCheckpoint;
import io.gpa4j.fabricate.Fabricator;
import io.gpa4j.fabricate.ModelShape;
import io.gpa4j.quality.ModelQuality.IdFlips;
import io.gpa4j.quality.ModelQuality.NetworkQuality;
import io.gpa4j.quality.ModelQuality.WeightQuality;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model equals itself, others differ as much as their types do, and what cannot be compared is named. */
class QualityTest {
  private static final Path GOLDENS = Path.of("..", "tests", "data", "goldens");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String[] NETWORKS = {"glm_tokenizer", "wav2vec2", "bicodec_encoder", "speaker_encoder", "bicodec_decoder", "decoder"};

  @TempDir static Path shared;
  private static Path exact;
  private static Path clips;

  @TempDir Path folder;

  @BeforeAll
  static void prepare() throws IOException {
    exact = shared.resolve("exact.gguf");
    Converter.convert(GOLDENS.resolve("checkpoint"), exact, ConversionOptions.of(ElementType.F32), ConversionListener.NONE);
    clips = Files.createDirectories(shared.resolve("clips"));
    Files.copy(GOLDENS.resolve("short.wav"), clips.resolve("short.wav"));
    Files.copy(GOLDENS.resolve("odd.wav"), clips.resolve("odd.wav"));
  }

  private static Path quantized(Recipe recipe) {
    Path file = shared.resolve(recipe.label() + ".gguf");
    if (!Files.exists(file)) {
      Quantizer.quantize(exact, file, QuantizeOptions.of(WeightTypes.of(recipe)), ConversionListener.NONE);
    }
    return file;
  }

  private static QualityReport compare(Path reference, QualityOptions options, Path... models) {
    return Quality.compare(List.of(models), reference, options, QualityListener.NONE, model -> {});
  }

  @Test
  void compare_aModelWithItself_isPerfect() throws IOException {
    QualityReport report = compare(exact, QualityOptions.defaults().withClips(clips), exact);
    ModelQuality model = report.models().get(0);
    assertThat(model.error()).isNull();
    assertThat(model.type()).isEqualTo("f32");
    assertThat(model.weights()).hasSizeGreaterThan(600).allMatch(weight -> weight.relativeRmse() == 0 && weight.maxError() == 0);
    assertThat(model.networks()).extracting(NetworkQuality::name).containsExactly(NETWORKS);
    assertThat(model.networks()).allSatisfy(network -> {
      assertThat(network.result().cosine()).isEqualTo(1);
      assertThat(network.stages()).isNotEmpty().allMatch(stage -> stage.snrDecibels() == Double.POSITIVE_INFINITY);
    });
    assertThat(model.decoder().orElseThrow().answer().rows()).isPositive().isLessThan(model.decoder().orElseThrow().all().rows());
    assertThat(model.decoder().orElseThrow().all().meanNats()).isZero();
    assertThat(model.decoder().orElseThrow().answer().topPercent()).isEqualTo(100);
    assertThat(model.codec().orElseThrow().snrDecibels()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(model.codec().orElseThrow().logMelDecibels()).isZero();
    assertThat(model.ids()).extracting(IdFlips::tokenizer).containsExactly("glm", "semantic", "global");
    assertThat(model.ids()).allMatch(ids -> ids.compared() >= 44 && ids.differing() == 0);
    assertThat(model.words().recognition().words()).isZero();
    assertThat(report.toTable() + model.toText()).contains("inf").doesNotContain("NaN", "Infinity", "null");
    JsonNode json = JSON.readTree(report.toJson());
    assertThat(json.at("/models/0/codec/snr_db").asText()).isEqualTo("inf");
    assertThat(json.at("/models/0/words/speech/percent").isNull()).isTrue();
    assertThat(json.at("/models/0/tensors")).hasSize(model.weights().size());
  }

  @Test
  void compare_quantisedModels_differAsTheirTypesDo() throws IOException {
    QualityReport report = compare(exact, QualityOptions.defaults().withClips(clips), quantized(Recipe.Q8_0), quantized(Recipe.Q4_0));
    ModelQuality fine = report.models().get(0);
    ModelQuality coarse = report.models().get(1);
    assertThat(List.of(fine.type(), coarse.type())).containsExactly("q8_0", "q4_0");
    assertThat(coarse.bytes()).isLessThan(fine.bytes());
    assertThat(weight(fine)).isBetween(0.003, 0.008);
    assertThat(weight(coarse)).isBetween(0.05, 0.1);
    assertThat(fine.networks()).extracting(NetworkQuality::name).containsExactly(NETWORKS);
    for (int i = 0; i < NETWORKS.length; i++) {
      NetworkQuality better = fine.networks().get(i);
      NetworkQuality worse = coarse.networks().get(i);
      assertThat(better.result().snrDecibels()).as(NETWORKS[i]).isBetween(15.0, 90.0);
      assertThat(better.result().cosine()).as(NETWORKS[i]).isBetween(0.98, 1.0);
      assertThat(worse.result().snrDecibels()).as(NETWORKS[i]).isLessThanOrEqualTo(better.result().snrDecibels());
      assertThat(worse.worst().orElseThrow().snrDecibels()).as(NETWORKS[i]).isLessThanOrEqualTo(better.worst().orElseThrow().snrDecibels());
    }
    assertThat(fine.decoder().orElseThrow().answer().meanNats()).isBetween(1e-7, 5e-2);
    assertThat(coarse.decoder().orElseThrow().answer().meanNats()).isGreaterThan(5 * fine.decoder().orElseThrow().answer().meanNats());
    assertThat(coarse.decoder().orElseThrow().all().topPercent()).isLessThan(fine.decoder().orElseThrow().all().topPercent());
    assertThat(coarse.codec().orElseThrow().snrDecibels()).isLessThan(fine.codec().orElseThrow().snrDecibels());
    assertThat(coarse.codec().orElseThrow().logMelDecibels()).isGreaterThan(fine.codec().orElseThrow().logMelDecibels());
    assertThat(flips(coarse)).isGreaterThan(flips(fine));
    assertThat(report.toTable().lines()).hasSize(5);
    assertThat(report.toTable()).containsPattern("q4_0.gguf +q4_0 ").containsPattern("exact.gguf +f32 ");
  }

  // A matrix that both types change.
  private static double weight(ModelQuality model) {
    return model.weights().stream().filter(weight -> weight.name().equals("decoder.blk.1.attn_q.weight")).mapToDouble(WeightQuality::relativeRmse)
        .findFirst().orElseThrow();
  }

  private static long flips(ModelQuality model) {
    return model.ids().stream().mapToLong(IdFlips::differing).sum();
  }

  @Test
  void compare_semanticIds_areThoseOfTheModelsOwnFeatures() {
    ModelQuality model = compare(exact, QualityOptions.defaults().withClips(clips), quantized(Recipe.Q4_0)).models().get(0);
    int differing = 0;
    for (String clip : List.of("odd.wav", "short.wav")) {
      int[] want = semanticIds(exact, clips.resolve(clip));
      int[] got = semanticIds(quantized(Recipe.Q4_0), clips.resolve(clip));
      differing += (int) IntStream.range(0, want.length).filter(i -> want[i] != got[i]).count();
    }
    assertThat(model.ids().get(1).differing()).isPositive().isEqualTo(differing);
  }

  private static int[] semanticIds(Path model, Path clip) {
    try (Gpa gpa = Gpa.builder(model).build()) {
      Tensor wav = gpa.networks().run("volume", Tensor.of("wav", AudioSource.of(clip).samples())).get(0);
      Tensor features = named("w2v_feat", gpa.networks().run("wav2vec2", wav));
      return named("semantic_ids", gpa.networks().run("bicodec_encoder", features)).ints();
    }
  }

  private static Tensor named(String name, List<Tensor> results) {
    return results.stream().filter(result -> result.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void compare_withoutClips_takesIdsByAFormula_theSameEachTime() {
    List<String> heard = new ArrayList<>();
    QualityReport report = Quality.compare(List.of(quantized(Recipe.Q8_0)), exact, QualityOptions.defaults(),
        (done, total, what) -> heard.add(done + "/" + total), model -> heard.add(model.type()));
    ModelQuality model = report.models().get(0);
    assertThat(model.networks()).extracting(NetworkQuality::name).containsExactly("bicodec_decoder", "decoder");
    assertThat(model.ids()).isEmpty();
    assertThat(model.decoder().orElseThrow().answer().meanNats()).isPositive();
    assertThat(model.codec().orElseThrow().snrDecibels()).isBetween(20.0, 90.0);
    assertThat(heard).endsWith("q8_0");
    assertThat(heard.get(heard.size() - 2)).matches("(\\d+)/\\1");
    assertThat(compare(exact, QualityOptions.defaults(), quantized(Recipe.Q8_0)).toJson()).isEqualTo(report.toJson());
  }

  @Test
  void compare_fastPrecision_isTheModelsAlone() {
    QualityOptions fast = new QualityOptions(null, 1, 0, Precision.FAST, 2);
    ModelQuality model = compare(exact, fast, quantized(Recipe.Q8_0)).models().get(0);
    ModelQuality precise = compare(exact, QualityOptions.defaults(), quantized(Recipe.Q8_0)).models().get(0);
    assertThat(model.precision()).isEqualTo(Precision.FAST);
    assertThat(model.codec().orElseThrow().snrDecibels()).isLessThan(precise.codec().orElseThrow().snrDecibels() - 1);
    assertThat(model.decoder().orElseThrow().answer().meanNats()).isEqualTo(precise.decoder().orElseThrow().answer().meanNats());
    // Were the reference fast too, nothing would differ.
    assertThat(compare(quantized(Recipe.Q8_0), fast, quantized(Recipe.Q8_0)).models().get(0).codec().orElseThrow().snrDecibels()).isFinite();
  }

  @Test
  void compare_anotherCheckpoint_isNamedByItsTensor_andTheOthersAreCompared() throws IOException {
    Path other = folder.resolve("other.gguf");
    ModelShape tiny = ModelShape.TINY;
    ModelShape.Wav2vec2 features = tiny.wav2vec2();
    ModelShape wider = new ModelShape("wider", tiny.decoder(), tiny.tokens(), tiny.glm(),
        new ModelShape.Wav2vec2(features.layers(), features.dim(), features.heads(), 2 * features.ffn(), features.convDim()), tiny.codec());
    Fabricator.writeModel(new FabricatedCheckpoint(wider, 1), other, WeightTypes.of(Recipe.F16), ConversionListener.NONE);
    Path text = Files.writeString(folder.resolve("text.gguf"), "this is no model");
    QualityReport report = compare(exact, QualityOptions.defaults(), other, quantized(Recipe.Q8_0), text, folder.resolve("none.gguf"));
    assertThat(report.models()).extracting(ModelQuality::model).hasSize(4);
    assertThat(report.compared()).extracting(ModelQuality::type).containsExactly("q8_0");
    assertThat(report.models().get(0).error()).isInstanceOf(ModelFormatException.class)
        .hasMessageMatching(".*other\\.gguf: tensor 'wav2vec2\\.blk\\.0\\.ffn_up\\.[a-z]+' has shape .* in the reference .*exact\\.gguf .*");
    assertThat(report.models().get(2).error()).isInstanceOf(ModelFormatException.class).hasMessageContaining("text.gguf");
    assertThat(report.models().get(3).error()).isInstanceOf(GpaIoException.class).hasMessageContaining("none.gguf");
    JsonNode json = JSON.readTree(report.toJson());
    assertThat(json.at("/models/0/error").asText()).contains("other.gguf");
    assertThat(json.at("/models/1/decoder/answer/kl_nats").asDouble()).isPositive();
    assertThat(report.toTable().lines()).hasSize(4);
  }

  @Test
  void compare_aDecoderAlone_takesWhatBothHold() throws IOException {
    Path checkpoint = Files.createDirectories(folder.resolve("decoder"));
    for (String file : List.of("config.json", "generation_config.json", "tokenizer.json", "model.safetensors")) {
      Files.copy(GOLDENS.resolve("checkpoint").resolve(file), checkpoint.resolve(file));
    }
    Path reference = folder.resolve("decoder.gguf");
    Converter.convert(checkpoint, reference, ConversionOptions.of(ElementType.F32), ConversionListener.NONE);
    ModelQuality model = compare(reference, QualityOptions.defaults(), reference).models().get(0);
    assertThat(model.networks()).extracting(NetworkQuality::name).containsExactly("decoder");
    assertThat(model.codec()).isEmpty();
    assertThat(compare(reference, QualityOptions.defaults(), exact).models().get(0).error()).hasMessageContaining("is not in the reference");
    assertThat(compare(exact, QualityOptions.defaults(), reference).models().get(0).error()).hasMessageContaining("is missing");
  }

  @Test
  void compare_clipsThatAreNone_areNamed() throws IOException {
    Path bad = Files.createDirectories(folder.resolve("bad"));
    Files.writeString(bad.resolve("noise.wav"), "this is no sound");
    assertThatThrownBy(() -> compare(exact, QualityOptions.defaults().withClips(bad), exact)).isInstanceOf(AudioFormatException.class)
        .hasMessageContaining("noise.wav");
    assertThatThrownBy(() -> compare(exact, QualityOptions.defaults().withClips(folder.resolve("none")), exact)).isInstanceOf(GpaIoException.class);
    assertThatThrownBy(() -> new QualityOptions(null, 0, 0, Precision.EXACT, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new QualityOptions(null, 1, Float.NaN, Precision.EXACT, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void compare_interrupted_isCancelled() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> compare(exact, QualityOptions.defaults(), exact)).isInstanceOf(CancelledException.class);
    assertThat(Thread.interrupted()).isTrue();
  }
}
