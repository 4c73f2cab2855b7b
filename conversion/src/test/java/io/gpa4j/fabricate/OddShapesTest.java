package io.gpa4j.fabricate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpa4j.Device;
import io.gpa4j.ElementType;
import io.gpa4j.Gpa;
import io.gpa4j.Tensor;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.Converter;
import io.gpa4j.conversion.Recipe;
import io.gpa4j.conversion.WeightTypes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models of unusual shapes: every instruction set computes what the reference kernels compute, from the audio to the answer. */
class OddShapesTest {
  private static final double SMALL_ERROR = 1e-9;
  // Keys and values beside 16-bit weights are rounded to f16: a last bit that differs becomes one of f16.
  private static final double SMALL_ERROR_OF_F16 = 1e-8;
  private static final ModelShape.Tokens TOKENS = new ModelShape.Tokens(437, 441, 33, 4096, 70);

  /** A Qwen3 with heads wider than the model and a key of its own for each; the least of everything in the audio networks. */
  private static final ModelShape WIDE_HEADS = new ModelShape("wide-heads",
      new ModelShape.Decoder(2, 50, 77, 3, 3, 34, 4651, 2048, false, false), TOKENS, new ModelShape.Glm(3, 3, 36, 3, 50, 33, 1500),
      new ModelShape.Wav2vec2(17, 48, 2, 65, 9), new ModelShape.Codec(48, 19, 33, 1, 1, 70, 16, 8, 12));

  /** A Qwen2 with one key for all heads and a tied head, codec and features wider than usual. */
  private static final ModelShape ONE_KEY = new ModelShape("one-key",
      new ModelShape.Decoder(2, 150, 90, 5, 1, 30, 4648, 2048, true, true), TOKENS, new ModelShape.Glm(2, 2, 84, 7, 99, 33, 1500),
      new ModelShape.Wav2vec2(18, 112, 7, 200, 41), new ModelShape.Codec(112, 67, 130, 2, 2, 70, 80, 104, 46));

  private static final List<String> MODELS = List.of("tiny-qwen2", "wide-heads", "one-key", "tiny-qwen2-f16", "one-key-bf16", "other-layers");

  @TempDir static Path folder;

  static Stream<ModelShape> shapes() {
    return Stream.of(ModelShape.TINY_QWEN2, WIDE_HEADS, ONE_KEY);
  }

  static List<String> models() {
    return MODELS;
  }

  @BeforeAll
  static void runAll() throws IOException, InterruptedException {
    shapes().forEach(shape -> fabricate(shape, shape.name(), ElementType.F32));
    fabricate(ModelShape.TINY_QWEN2, "tiny-qwen2-f16", ElementType.F16);
    fabricate(ONE_KEY, "one-key-bf16", ElementType.BF16);
    otherFeatureLayers(3, 7, 9);
    for (String isa : Device.cpu().kernels()) {
      run(isa);
    }
  }

  private static void fabricate(ModelShape shape, String name, ElementType type) {
    Fabricator.writeModel(new FabricatedCheckpoint(shape, 11), folder.resolve(name + ".gguf"), WeightTypes.of(Recipe.of(type)), ConversionListener.NONE);
  }

  private static void otherFeatureLayers(int... layers) throws IOException {
    Path checkpoint = folder.resolve("checkpoint");
    Fabricator.writeFolder(new FabricatedCheckpoint(ModelShape.TINY_QWEN2, 13), checkpoint, ElementType.F32, ConversionListener.NONE);
    Path config = checkpoint.resolve("BiCodec/wav2vec2-large-xlsr-53/config.json");
    ObjectMapper json = new ObjectMapper();
    ObjectNode values = (ObjectNode) json.readTree(config.toFile());
    ArrayNode list = values.putArray("feature_layers");
    IntStream.of(layers).forEach(list::add);
    Files.writeString(config, json.writeValueAsString(values));
    Converter.convert(checkpoint, folder.resolve("other-layers.gguf"), ConversionOptions.of(ElementType.F32), ConversionListener.NONE);
  }

  // The environment, which chooses the instruction set, is the process's.
  private static void run(String isa) throws IOException, InterruptedException {
    Path results = Files.createDirectories(folder.resolve(isa));
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
        "-cp", System.getProperty("java.class.path"), OddShapesOutputs.class.getName(), results.toString()));
    MODELS.forEach(name -> command.add(folder.resolve(name + ".gguf").toString()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("GPA_ISA", isa);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", isa, output).isZero();
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyInstructionSet_computesWhatTheReferenceDoes(String model) {
    Map<String, Tensor> want = shown("reference", model);
    assertThat(want).hasSizeGreaterThan(60);
    for (String isa : Device.cpu().kernels()) {
      Map<String, Tensor> got = shown(isa, model);
      assertThat(got.keySet()).isEqualTo(want.keySet());
      got.forEach((name, tensor) -> {
        if (tensor.isInts()) {
          assertThat(tensor.ints()).as("%s: %s", isa, name).isEqualTo(want.get(name).ints());
        } else if (!name.endsWith("_margin")) {
          boolean decoder = name.startsWith("hidden_") || name.startsWith("logits_");
          double most = decoder && model.endsWith("16") ? SMALL_ERROR_OF_F16 : SMALL_ERROR;
          assertThat(error(tensor.floats(), want.get(name).floats())).as("%s: %s", isa, name).isLessThan(most);
        }
      });
    }
  }

  @Test
  void otherFeatureLayers_areTheOnesShownAndAveraged() {
    Map<String, Tensor> shown = shown("reference", "other-layers");
    assertThat(shown.keySet()).filteredOn(name -> name.startsWith("w2v_hidden_"))
        .containsExactlyInAnyOrder("w2v_hidden_0", "w2v_hidden_1", "w2v_hidden_3", "w2v_hidden_7", "w2v_hidden_9");
    float[] mean = shown.get("w2v_hidden_3").floats();
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (mean[i] + shown.get("w2v_hidden_7").floats()[i] + shown.get("w2v_hidden_9").floats()[i]) / 3;
    }
    assertThat(error(mean, shown.get("w2v_feat").floats())).isLessThan(1e-12);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void decoder_agreesWithPlainLoops(ModelShape shape) {
    NaiveDecoder naive = new NaiveDecoder(new FabricatedCheckpoint(shape, 11), shape.decoder());
    try (Gpa gpa = Gpa.builder(folder.resolve(shape.name() + ".gguf")).build()) {
      for (int[] prompt : new int[][] {{5}, {1, 2, 3, 400, 4640, 17, 1}, OddShapesOutputs.prompt(70)}) {
        float[] got = OddShapesOutputs.named(gpa.networks().run("decoder", Tensor.of("prompt", prompt)), "logits_last");
        double[] want = naive.logits(prompt);
        float[] rounded = new float[want.length];
        for (int i = 0; i < want.length; i++) {
          rounded[i] = (float) want[i];
        }
        assertThat(error(got, rounded)).as("prompt of %d", prompt.length).isLessThan(1e-10);
      }
    }
  }

  private static Map<String, Tensor> shown(String isa, String model) {
    return OddShapesOutputs.read(folder.resolve(isa).resolve(model + ".results"));
  }

  private static double error(float[] got, float[] want) {
    assertThat(got).hasSameSizeAs(want);
    double error = 0;
    double power = 0;
    for (int i = 0; i < got.length; i++) {
      error += Math.pow((double) got[i] - want[i], 2);
      power += Math.pow(want[i], 2);
    }
    assertThat(power).isPositive();
    return error / power;
  }
}
