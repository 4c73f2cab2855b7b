package io.gpa4j.conversion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.ElementType;
import io.gpa4j.gguf.GgufTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RecipeTest {
  private static final Set<String> TENSORS = DocumentedTensors.of(20, 16, 16, 7, 12, 2, 4, 2);
  private static final Pattern ALWAYS_F32 = Pattern.compile(".*\\.(bias|snake|snake[12]|gamma|codebook|positions|latents|norm|bn\\.(scale|shift))"
      + "|.*(norm|dwconv|quantizer\\.in|quantizer\\.out|conv_out|fsq_in|fsq_out)\\.weight");

  @Test
  void table_everyTensorOfTheModelFile_isInAPartOrF32() {
    for (String name : TENSORS) {
      ModelPart part = part(name);
      assertThat(part == null).as(name).isEqualTo(ALWAYS_F32.matcher(name).matches());
    }
    for (ModelPart part : ModelPart.values()) {
      for (String pattern : part.names()) {
        assertThat(TENSORS.stream().filter(name -> part(name) == part || part == ModelPart.DOWN)).as(pattern)
            .anyMatch(NamePattern.of(pattern)::matches);
      }
    }
  }

  private static ModelPart part(String name) {
    Matcher block = Pattern.compile("(decoder|glm|wav2vec2)\\.blk\\.(\\d+)\\..*").matcher(name);
    int blocks = name.startsWith("decoder") ? 20 : 16;
    return block.matches() ? ModelPart.of(name, Integer.parseInt(block.group(2)), blocks) : ModelPart.of(name, 0, 1);
  }

  @ParameterizedTest
  @CsvSource({
      "decoder.token_embd, HEAD", "decoder.output, HEAD", "decoder.blk.4.attn_v, VALUES", "decoder.blk.4.attn_output, VALUES",
      "decoder.blk.4.attn_q, INNER", "decoder.blk.4.ffn_gate, GATES", "decoder.blk.4.ffn_up, GATES", "decoder.blk.0.ffn_down, DOWN", "decoder.blk.2.ffn_down, INNER",
      "decoder.blk.19.ffn_down, DOWN", "glm.conv1, INPUT", "glm.conv2, FRONT", "glm.blk.15.ffn_down, DOWN", "glm.blk.3.ffn_up, INNER",
      "wav2vec2.conv.0, INPUT", "wav2vec2.conv.6, FRONT", "wav2vec2.conv.12, FRONT", "wav2vec2.projection, FRONT", "wav2vec2.positional, INNER",
      "wav2vec2.blk.3.attn_k, INNER", "codec.encoder.backbone.embed, FRONT", "codec.encoder.stage.1.embed, FRONT", "codec.encoder.project, FRONT",
      "codec.encoder.backbone.blk.3.pw1, INNER", "codec.prenet.input, FRONT", "codec.prenet.output, FRONT", "codec.prenet.stage.0.embed, INNER",
      "codec.prenet.backbone.blk.3.pw2, INNER", "codec.prenet.backbone.norm.scale, INNER", "codec.prenet.backbone.blk.3.norm.shift, INNER",
      "codec.generator.conv_in, WAVE", "codec.generator.blk.2.up, WAVE", "codec.generator.blk.2.res.1.conv1, WAVE",
      "codec.generator.blk.2.res.1.conv2, WAVE", "speaker.conv1, VOICE", "speaker.blk.1.res.4, VOICE", "speaker.blk.1.se_up, VOICE",
      "speaker.perceiver.context, VOICE", "speaker.perceiver.blk.0.ffn_down, VOICE", "speaker.project, VOICE"})
  void part_ofATensor_isTheFirstThatFits(String name, ModelPart expected) {
    assertThat(part(name + ".weight")).isEqualTo(expected);
    assertThat(part(name + ".bias")).isNull();
  }

  @Test
  void down_blocksWithMoreBits_areTheOuterOnesAndEveryThird() {
    assertThat(more(20)).containsExactly(0, 1, 4, 7, 10, 13, 16, 18, 19);
    assertThat(more(16)).containsExactly(0, 1, 4, 7, 10, 13, 14, 15);
    assertThat(more(4)).containsExactly(0, 3);
    assertThat(more(1)).containsExactly(0);
  }

  private static List<Integer> more(int blocks) {
    return IntStream.range(0, blocks).filter(n -> ModelPart.of("decoder.blk." + n + ".ffn_down.weight", n, blocks) == ModelPart.DOWN).boxed().toList();
  }

  @ParameterizedTest
  @EnumSource(Recipe.class)
  void sensitiveParts_areNeverBelowEightBits(Recipe recipe) {
    for (ModelPart part : List.of(ModelPart.INPUT, ModelPart.VOICE, ModelPart.FRONT, ModelPart.WAVE)) {
      assertThat(part.type(recipe)).as(part.name()).isIn(ElementType.F32, ElementType.F16, ElementType.BF16, ElementType.Q8_0);
    }
  }

  @Test
  void table_inTheDocumentation_isThisOne() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("..", "docs", "model-file.md"));
    List<Recipe> mixed = Arrays.stream(Recipe.values()).filter(recipe -> recipe.ordinal() > Recipe.BF16.ordinal()).toList();
    assertThat(lines).contains("| tensors | " + String.join(" | ", mixed.stream().map(Recipe::label).toList()) + " | why |");
    for (ModelPart part : ModelPart.values()) {
      String types = String.join(" | ", mixed.stream().map(recipe -> part.type(recipe).name()).toList());
      assertThat(lines).contains("| `" + String.join("`, `", part.names()) + "` | " + types + " | " + part.reason() + " |");
      for (Recipe plain : List.of(Recipe.F32, Recipe.F16, Recipe.BF16)) {
        assertThat(part.type(plain).name()).isEqualTo(plain.name());
      }
    }
    for (Recipe recipe : Recipe.values()) {
      assertThat(lines).anyMatch(line -> line.contains("general.file_type") && line.matches(".*\\b" + recipe.label() + " " + recipe.fileType() + "\\b.*"));
    }
  }

  @ParameterizedTest
  @CsvSource({
      "Q6_K, 512, Q6_K", "Q6_K, 384, Q8_0", "Q6_K, 48, F16", "Q5_K, 768, Q5_K", "Q5_K, 64, Q8_0", "Q5_K, 341, F16", "Q4_K, 1280, Q4_K",
      "Q4_K, 96, IQ4_NL", "Q4_K, 1, F16", "Q8_0, 32, Q8_0", "Q8_0, 31, F16", "Q4_0, 192, Q4_0", "Q4_0, 100, F16", "IQ4_NL, 64, IQ4_NL",
      "IQ4_NL, 8, F16", "F16, 3, F16", "BF16, 7, BF16", "F32, 1, F32", "Q8_0, 262144, Q8_0", "Q8_0, 262176, F16"})
  void fitting_rowsOfAnyLength_haveAType(ElementType wanted, long row, ElementType expected) {
    assertThat(Recipe.fitting(wanted, row)).isEqualTo(expected);
  }

  @Test
  void overrides_severalMatches_theLastCounts() {
    List<GgufTensor> got = types(Recipe.Q4_K_M, new ArrayList<>(), "decoder.*=q6_k", "decoder.blk.?.ffn_*=q8_0", "*.{ffn_up,attn_q}.weight=bf16",
        "decoder.blk.1.ffn_up=f32");
    assertThat(typeOf(got, "decoder.blk.0.attn_k.weight")).isEqualTo(ElementType.Q6_K);
    assertThat(typeOf(got, "decoder.blk.0.ffn_down.weight")).isEqualTo(ElementType.Q8_0);
    assertThat(typeOf(got, "decoder.blk.10.ffn_down.weight")).isEqualTo(ElementType.Q6_K);
    assertThat(typeOf(got, "decoder.blk.3.ffn_up.weight")).isEqualTo(ElementType.BF16);
    assertThat(typeOf(got, "decoder.blk.1.ffn_up.weight")).isEqualTo(ElementType.F32);
    assertThat(typeOf(got, "glm.blk.0.attn_q.weight")).isEqualTo(ElementType.BF16);
    assertThat(typeOf(got, "glm.blk.0.attn_k.weight")).isEqualTo(ElementType.Q4_K);
    assertThat(typeOf(got, "decoder.blk.0.attn_norm.weight")).isEqualTo(ElementType.F32);
  }

  @Test
  void decoderRecipe_another_leavesTheRest() {
    WeightTypes types = new WeightTypes(Recipe.F16, Recipe.Q4_0, List.of(), null);
    List<GgufTensor> got = types.of(rows(256), message -> {});
    assertThat(typeOf(got, "decoder.blk.0.attn_k.weight")).isEqualTo(ElementType.Q4_0);
    assertThat(typeOf(got, "decoder.token_embd.weight")).isEqualTo(ElementType.Q6_K);
    assertThat(typeOf(got, "wav2vec2.blk.0.attn_k.weight")).isEqualTo(ElementType.F16);
    assertThat(types.describe()).isEqualTo("f16, decoder q4_0");
  }

  @Test
  void override_thatFindsNothing_isAnErrorThatSaysWhy() {
    assertThatThrownBy(() -> types(Recipe.Q8_0, new ArrayList<>(), "decoder.*=q6_k", "decoder.*.ffn_dwon=q6_k")).isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("decoder.*.ffn_dwon=q6_k", "no such tensor");
    assertThatThrownBy(() -> types(Recipe.Q8_0, new ArrayList<>(), "decoder.*.attn_norm=f16")).isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("decoder.*.attn_norm=f16", "attn_norm.weight is always F32");
  }

  @Test
  void override_thatBlocksDoNotFit_warnsOnce() {
    List<String> warnings = new ArrayList<>();
    List<GgufTensor> got = new WeightTypes(Recipe.F32, null, List.of(TypeOverride.parse("decoder.*=q4_k")), null).of(rows(96), warnings::add);
    assertThat(typeOf(got, "decoder.blk.0.attn_k.weight")).isEqualTo(ElementType.IQ4_NL);
    assertThat(warnings).singleElement().asString().contains("decoder.*=q4_k", "IQ4_NL", "256");
  }

  @ParameterizedTest
  @CsvSource({"decoder", "=q6_k", "decoder.*=q6", "decoder.*=i32", "decoder.*="})
  void override_thatIsNone_isRefused(String text) {
    assertThatThrownBy(() -> TypeOverride.parse(text)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(text);
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {"{a,b", "a}", "{a,{b}}"})
  void pattern_withUnpairedBraces_isRefused(String text) {
    assertThatThrownBy(() -> NamePattern.of(text)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(text);
  }

  @Test
  void pattern_ofOtherCharacters_meansThem() {
    assertThat(NamePattern.of("a.b").matches("axb")).isFalse();
    assertThat(NamePattern.of("a[1]*").matches("a[1].weight")).isTrue();
    assertThat(NamePattern.of("x").matches("x.weight")).isTrue();
    assertThat(NamePattern.of("x").matches("x.bias")).isFalse();
    assertThat(NamePattern.of("x.weight").matches("x.weight")).isTrue();
    assertThat(NamePattern.of("a,b").matches("a,b")).isTrue();
  }

  @Test
  void recipe_names_areRead() {
    assertThat(Recipe.of("Q4_K_M")).isEqualTo(Recipe.Q4_K_M);
    assertThat(Recipe.of(ElementType.BF16)).isEqualTo(Recipe.BF16);
    assertThatThrownBy(() -> Recipe.of("q3_k")).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll("q3_k", "q4_k_m");
    assertThatThrownBy(() -> Recipe.of(ElementType.Q4_K)).isInstanceOf(IllegalArgumentException.class);
  }

  private static List<GgufTensor> types(Recipe recipe, List<String> warnings, String... overrides) {
    return new WeightTypes(recipe, null, Arrays.stream(overrides).map(TypeOverride::parse).toList(), null).of(rows(256), warnings::add);
  }

  private static List<Mapping> rows(long width) {
    return TENSORS.stream().map(name -> new Mapping(List.of(), name, List.of(2L, width), null)).toList();
  }

  private static ElementType typeOf(List<GgufTensor> tensors, String name) {
    return tensors.stream().filter(tensor -> tensor.name().equals(name)).findFirst().orElseThrow().type();
  }
}
