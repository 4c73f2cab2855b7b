package io.gpa4j.conversion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gpa4j.ElementType;
import io.gpa4j.Gpa;
import io.gpa4j.ModelFormatException;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.gguf.GgufMetadata;
import io.gpa4j.gguf.GgufTensor;
import io.gpa4j.gguf.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizerTest {
  private static final String WEIGHT = "decoder.blk.1.ffn_up.weight";

  @TempDir static Path shared;
  private static Path model;
  private static GgufContent exact;

  @TempDir Path folder;

  @BeforeAll
  static void convertGoldens() {
    model = shared.resolve("f32.gguf");
    Converter.convert(GoldenCheckpoint.FOLDER, model, ConversionOptions.of(Recipe.F32), ConversionListener.NONE);
    exact = GgufContent.read(model);
  }

  @ParameterizedTest
  @EnumSource(Recipe.class)
  void quantize_fromF32_givesTheBytesOfTheConversion(Recipe recipe) throws IOException {
    List<TypeOverride> overrides = recipe == Recipe.F32 ? List.of() : List.of(TypeOverride.parse("glm.*.attn_q=q8_0"), TypeOverride.parse("*.pw1=bf16"));
    WeightTypes types = new WeightTypes(recipe, null, overrides, null);
    Path converted = folder.resolve("converted.gguf");
    Converter.convert(GoldenCheckpoint.FOLDER, converted, ConversionOptions.of(types), ConversionListener.NONE);
    Path quantized = folder.resolve("quantized.gguf");
    ConversionReport report = Quantizer.quantize(model, quantized, QuantizeOptions.of(types).withThreads(3), ConversionListener.NONE);
    assertThat(Files.mismatch(converted, quantized)).isEqualTo(-1);
    assertThat(report.networks()).containsExactly("decoder", "glm", "wav2vec2", "codec", "speaker");
    assertThat(quantized).hasSize(report.bytes());
    Quantizer.quantize(model, quantized, QuantizeOptions.of(types).withThreads(1), ConversionListener.NONE);
    assertThat(Files.mismatch(converted, quantized)).isEqualTo(-1);
  }

  @ParameterizedTest
  @EnumSource(Recipe.class)
  void quantize_everyTensor_staysCloseAndInItsPlace(Recipe recipe) {
    GgufContent got = quantize(WeightTypes.of(recipe));
    assertThat(got.tensors().keySet()).isEqualTo(exact.tensors().keySet());
    got.tensors().forEach((name, tensor) -> {
      assertThat(tensor.shape()).as(name).isEqualTo(exact.tensors().get(name).shape());
      ElementType type = ElementType.of(got.types().get(name)).orElseThrow();
      assertThat(error(tensor.values(), exact.tensors().get(name).values())).as(name + " " + type).isLessThanOrEqualTo(bound(type));
    });
    assertThat(got.metadata()).containsEntry("general.file_type", recipe.fileType());
    assertThat((String) got.metadata().get("general.description")).endsWith("Weights: " + recipe.label() + "; others f32");
    assertThat(without(got.metadata())).isEqualTo(without(exact.metadata()));
  }

  // Of random weights: a uniform error of a step / sqrt(12), a step being a fraction of the largest of a block.
  private static double bound(ElementType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1e-7;
      case BF16 -> 1e-5;
      case Q8_0 -> 1e-4;
      case Q6_K -> 1e-3;
      case Q5_K -> 4e-3;
      default -> 2e-2;
    };
  }

  private static double error(float[] got, float[] want) {
    double error = 0;
    double power = 1e-30;
    for (int i = 0; i < want.length; i++) {
      error += Math.pow(got[i] - want[i], 2);
      power += want[i] * (double) want[i];
    }
    return error / power;
  }

  private static Map<String, Object> without(Map<String, Object> metadata) {
    Map<String, Object> rest = new LinkedHashMap<>(metadata);
    rest.keySet().removeAll(List.of("general.file_type", "general.description"));
    return rest;
  }

  @ParameterizedTest
  @EnumSource(value = Recipe.class, names = {"Q8_0", "Q4_K_M", "IQ4_NL"})
  void quantize_result_isReadByTheEngine(Recipe recipe) {
    Path target = folder.resolve("m.gguf");
    Quantizer.quantize(model, target, QuantizeOptions.of(WeightTypes.of(recipe)), ConversionListener.NONE);
    try (Gpa gpa = Gpa.builder(target).build()) {
      assertThat(gpa.encode("a", false)).isNotEmpty();
    }
  }

  @Test
  void quantize_fromQuantized_isRefusedUnlessAllowed() {
    Path first = folder.resolve("q8_0.gguf");
    Quantizer.quantize(model, first, QuantizeOptions.of(WeightTypes.of(Recipe.Q8_0)), ConversionListener.NONE);
    Path target = folder.resolve("m.gguf");
    QuantizeOptions options = QuantizeOptions.of(WeightTypes.of(Recipe.Q4_K_M));
    assertThatThrownBy(() -> Quantizer.quantize(first, target, options, ConversionListener.NONE)).isInstanceOf(UnsupportedModelException.class)
        .hasMessageContainingAll("q8_0.gguf", "decoder.token_embd.weight", "Q8_0", "--allow-requantize");
    assertThat(target).doesNotExist();
    Quantizer.quantize(first, target, options.withRequantize(true), ConversionListener.NONE);
    GgufContent got = GgufContent.read(target);
    GgufContent between = GgufContent.read(first);
    assertThat(got.types()).containsEntry(WEIGHT, ElementType.Q5_K.id());
    assertThat(error(got.tensors().get(WEIGHT).values(), between.tensors().get(WEIGHT).values())).isBetween(1e-5, 2e-2);
    // What keeps its type keeps its bytes.
    assertThat(got.types()).containsEntry("codec.generator.blk.0.up.weight", ElementType.Q8_0.id());
    assertThat(got.data().get("codec.generator.blk.0.up.weight")).isEqualTo(between.data().get("codec.generator.blk.0.up.weight"));
  }

  @Test
  void quantize_toItsOwnTypes_changesNothing() throws IOException {
    Path first = folder.resolve("q4_0.gguf");
    Quantizer.quantize(model, first, QuantizeOptions.of(WeightTypes.of(Recipe.Q4_0)), ConversionListener.NONE);
    Path second = folder.resolve("again.gguf");
    Quantizer.quantize(first, second, QuantizeOptions.of(WeightTypes.of(Recipe.Q4_0)), ConversionListener.NONE);
    assertThat(Files.mismatch(first, second)).isEqualTo(-1);
  }

  @Test
  void quantize_inPlace_replacesTheFile() throws IOException {
    Path path = folder.resolve("m.gguf");
    Files.copy(model, path);
    Quantizer.quantize(path, path, QuantizeOptions.of(WeightTypes.of(Recipe.F16)), ConversionListener.NONE);
    assertThat(GgufContent.read(path).types()).containsEntry(WEIGHT, ElementType.F16.id());
    assertThat(folder.toFile().list()).containsExactly("m.gguf");
  }

  @Test
  void quantize_valuesThatDoNotFit_nameTensorAndElement() throws IOException {
    Path target = folder.resolve("m.gguf");
    Files.writeString(target, "before");
    for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, -70000}) {
      AlteredGguf altered = new AlteredGguf(model);
      float[] values = exact.tensors().get(WEIGHT).values().clone();
      values[1234] = bad;
      altered.put(WEIGHT, ElementType.F32, values, 512L, 256L);
      Path source = altered.write(folder.resolve("bad.gguf"));
      assertThatThrownBy(() -> Quantizer.quantize(source, target, QuantizeOptions.of(WeightTypes.of(Recipe.Q4_0)), ConversionListener.NONE))
          .isInstanceOf(ModelFormatException.class).hasMessageContainingAll(WEIGHT, "element 1234", String.valueOf(bad));
      assertThat(target).hasContent("before");
      assertThat(folder.toFile().list()).containsExactlyInAnyOrder("m.gguf", "bad.gguf");
    }
  }

  @Test
  void quantize_otherArchitecture_isRefused() {
    Path other = folder.resolve("other.gguf");
    GgufMetadata metadata = new GgufMetadata().string("general.architecture", "llama");
    try (GgufWriter writer = GgufWriter.create(other, metadata, List.of(new GgufTensor("x", ElementType.F32, List.of(32L))))) {
      writer.commit();
    }
    assertThatThrownBy(() -> Quantizer.quantize(other, folder.resolve("m.gguf"), QuantizeOptions.of(WeightTypes.of(Recipe.Q8_0)), ConversionListener.NONE))
        .isInstanceOf(UnsupportedModelException.class).hasMessageContainingAll("other.gguf", "llama");
  }

  @Test
  void importance_ofSomeColumns_makesThemBetter() {
    float[] sums = new float[256];
    for (int i = 0; i < sums.length; i++) {
      sums[i] = i % 8 == 0 ? 3000 : 3;
    }
    // The decoder's names may come without their prefix, as llama.cpp writes them.
    Importance importance = Importance.read(importance("blk.1.ffn_up.weight", sums, 3));
    GgufContent plain = quantize(WeightTypes.of(Recipe.Q4_K_M));
    GgufContent weighed = quantize(new WeightTypes(Recipe.Q4_K_M, null, List.of(), importance));
    assertThat(column(weighed, 8)).isLessThan(0.7 * column(plain, 8));
    assertThat(weighed.data().get("decoder.blk.0.ffn_up.weight")).isEqualTo(plain.data().get("decoder.blk.0.ffn_up.weight"));
    assertThat((String) weighed.metadata().get("general.description")).contains("q4_k_m, by importance");
    GgufContent even = quantize(new WeightTypes(Recipe.Q4_K_M, null, List.of(), Importance.read(importance(WEIGHT, filled(256), 1))));
    assertThat(error(even.tensors().get(WEIGHT).values(), plain.tensors().get(WEIGHT).values())).isCloseTo(0, within(1e-9));
  }

  private static float[] filled(int count) {
    float[] values = new float[count];
    Arrays.fill(values, 7);
    return values;
  }

  private static double column(GgufContent got, int every) {
    double error = 0;
    float[] values = got.tensors().get(WEIGHT).values();
    for (int i = 0; i < values.length; i += every) {
      error += Math.pow(values[i] - exact.tensors().get(WEIGHT).values()[i], 2);
    }
    return error;
  }

  @Test
  void importance_thatDoesNotFit_isRefused() {
    QuantizeOptions narrow = QuantizeOptions.of(new WeightTypes(Recipe.Q8_0, null, List.of(), Importance.read(importance(WEIGHT, new float[255], 1))));
    assertThatThrownBy(() -> Quantizer.quantize(model, folder.resolve("m.gguf"), narrow, ConversionListener.NONE))
        .isInstanceOf(ModelFormatException.class).hasMessageContainingAll(WEIGHT, "255", "256");
    QuantizeOptions foreign = QuantizeOptions.of(new WeightTypes(Recipe.Q8_0, null, List.of(), Importance.read(importance("x", new float[1], 1))));
    assertThatThrownBy(() -> Quantizer.quantize(model, folder.resolve("m.gguf"), foreign, ConversionListener.NONE))
        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("importance.gguf");
    assertThatThrownBy(() -> Importance.read(importance(WEIGHT, new float[] {1, -1}, 1))).isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(WEIGHT + ".in_sum2", "-1", "element 1");
    assertThatThrownBy(() -> Importance.read(importance(WEIGHT, new float[] {1}, 0))).isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(WEIGHT + ".counts");
    assertThatThrownBy(() -> Importance.read(importance(WEIGHT, new float[] {1e30f, 1}, 1e-30f))).isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(WEIGHT + ".in_sum2", "element 0");
    assertThatThrownBy(() -> Importance.read(importance(WEIGHT, new float[] {1, Float.NaN}, 1))).isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(WEIGHT + ".in_sum2", "element 1");
    assertThatThrownBy(() -> Importance.read(model)).isInstanceOf(ModelFormatException.class).hasMessageContaining("in_sum2");
  }

  private Path importance(String weight, float[] sums, float count) {
    Path path = folder.resolve("importance.gguf");
    GgufMetadata metadata = new GgufMetadata().string("general.type", "imatrix");
    List<GgufTensor> tensors = List.of(new GgufTensor(weight + ".in_sum2", ElementType.F32, List.of(1L, (long) sums.length)),
        new GgufTensor(weight + ".counts", ElementType.F32, List.of(1L, 1L)));
    try (GgufWriter writer = GgufWriter.create(path, metadata, tensors)) {
      writer.write(0, 0, ByteBuffer.wrap(Elements.encode(sums, ElementType.F32)));
      writer.write(1, 0, ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(count).flip());
      writer.commit();
    }
    return path;
  }

  private GgufContent quantize(WeightTypes types) {
    Path target = folder.resolve("quantized.gguf");
    Quantizer.quantize(model, target, QuantizeOptions.of(types), ConversionListener.NONE);
    return GgufContent.read(target);
  }
}
