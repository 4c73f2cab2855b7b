package io.gpa4j.fabricate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.ElementType;
import io.gpa4j.GpaIoException;
import io.gpa4j.checkpoint.CheckpointFolder;
import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.checkpoint.TensorStore;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.Converter;
import io.gpa4j.conversion.Recipe;
import io.gpa4j.conversion.WeightTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FabricatorTest {
  private static final Path GOLDENS = Path.of("..", "tests", "data", "goldens");

  @TempDir Path folder;

  @Test
  void noise_anyOrderOfRanges_givesTheSameElements() {
    float[] whole = new float[1000];
    Noise.fill(7, 5_000_000_000L, 1000, 0.5, 2, whole, 0);
    float[] parts = new float[1000];
    for (int first : new int[] {900, 0, 333, 1}) {
      int end = first == 900 ? 1000 : first == 0 ? 1 : first == 333 ? 900 : 333;
      Noise.fill(7, 5_000_000_000L + first, end - first, 0.5, 2, parts, first);
    }
    assertThat(parts).containsExactly(whole);
  }

  @Test
  void noise_manyElements_hasTheMomentsOfANormal() {
    float[] values = new float[1 << 20];
    Noise.fill(Noise.key(1, "x"), 0, values.length, 0, 1, values, 0);
    double sum = 0;
    double square = 0;
    double fourth = 0;
    double neighbours = 0;
    for (int i = 0; i < values.length; i++) {
      sum += values[i];
      square += values[i] * values[i];
      fourth += Math.pow(values[i], 4);
      neighbours += i == 0 ? 0 : values[i] * values[i - 1];
    }
    assertThat(sum / values.length).isBetween(-0.004, 0.004);
    assertThat(square / values.length).isBetween(0.99, 1.01);
    assertThat(fourth / values.length).isBetween(2.6, 2.8);
    assertThat(neighbours / values.length).isBetween(-0.004, 0.004);
  }

  @Test
  void checkpoint_tiny_hasTheNamesAndShapesOfThePublishedLayout() throws IOException {
    Map<String, String> published = new TreeMap<>();
    for (String line : Files.readAllLines(GOLDENS.resolve("tensors.txt"))) {
      if (!line.isBlank()) {
        String[] parts = line.replace("pytorch_model.bin", "model.safetensors").split("\\s+", 3);
        published.put(parts[0] + " " + parts[1], parts[2].strip());
      }
    }
    Map<String, String> made = new TreeMap<>();
    FabricatedCheckpoint checkpoint = new FabricatedCheckpoint(ModelShape.TINY, 1);
    for (String place : checkpoint.folders()) {
      for (StoredTensor tensor : checkpoint.openTensors(place).tensors().values()) {
        made.put(tensor.file() + " " + tensor.name(), Arrays.toString(tensor.shape()));
      }
    }
    assertThat(made).isEqualTo(published);
  }

  @Test
  void checkpoint_everyShape_hasTheSameTensorsUpToLayerCounts() {
    Set<String> tiny = kinds(ModelShape.TINY);
    assertThat(kinds(ModelShape.GPA_03B)).isEqualTo(tiny);
    assertThat(kinds(ModelShape.GPA_3B)).isEqualTo(tiny);
    Set<String> qwen2 = kinds(ModelShape.TINY_QWEN2);
    assertThat(tiny.stream().filter(name -> !qwen2.contains(name)))
        .containsExactlyInAnyOrder(":model.layers.N.self_attn.q_norm.weight", ":model.layers.N.self_attn.k_norm.weight");
    assertThat(qwen2.stream().filter(name -> !tiny.contains(name))).containsExactlyInAnyOrder(":lm_head.weight",
        ":model.layers.N.self_attn.q_proj.bias", ":model.layers.N.self_attn.k_proj.bias", ":model.layers.N.self_attn.v_proj.bias");
  }

  private static Set<String> kinds(ModelShape shape) {
    FabricatedCheckpoint checkpoint = new FabricatedCheckpoint(shape, 1);
    Set<String> kinds = new TreeSet<>();
    for (String place : checkpoint.folders()) {
      for (String name : checkpoint.openTensors(place).tensors().keySet()) {
        kinds.add(place + ":" + name.replaceAll("(layers|convnext)\\.\\d+", "$1.N"));
      }
    }
    return kinds;
  }

  @Test
  void tokenizer_gpaShape_hasThePublishedIds() throws IOException {
    JsonNode tokenizer = new ObjectMapper().readTree(new TokenizerFiles(ModelShape.GPA_03B.tokens()).tokenizer());
    assertThat(tokenizer.at("/model/vocab").size()).isEqualTo(151_643);
    assertThat(tokenizer.at("/model/merges").size()).isEqualTo(151_643 - 256);
    Map<String, Integer> added = new TreeMap<>();
    tokenizer.get("added_tokens").forEach(token -> added.put(token.get("content").asText(), token.get("id").asInt()));
    assertThat(added).containsEntry("<|im_end|>", 151_645).containsEntry("<|glm_semantic_0|>", 151_727)
        .containsEntry("<|bicodec_global_0|>", 168_111).containsEntry("<|bicodec_semantic_0|>", 172_207)
        .containsEntry("<|bicodec_semantic_8191|>", 180_398).containsEntry("<|start_content|>", 180_399)
        .containsEntry("<|end_glm_token|>", 180_406);
    assertThat(Set.copyOf(added.values())).hasSize(added.size());
  }

  @Test
  void writeFolder_readBack_holdsTheSameNumbers() {
    FabricatedCheckpoint checkpoint = new FabricatedCheckpoint(ModelShape.TINY, 3);
    Path target = folder.resolve("tiny");
    new FolderWriter(checkpoint, ElementType.F32, ConversionListener.NONE, 3_000_000).write(target);
    assertThat(target.resolve("model.safetensors.index.json")).content().matches("(?s)\\{\\s*\"metadata\".*\"weight_map\".*");
    CheckpointFolder read = new CheckpointFolder(target);
    for (String file : checkpoint.files()) {
      assertThat(read.read(file)).isEqualTo(checkpoint.read(file));
    }
    for (String place : checkpoint.folders()) {
      try (TensorStore store = read.openTensors(place)) {
        Map<String, StoredTensor> made = checkpoint.openTensors(place).tensors();
        assertThat(store.tensors().keySet()).isEqualTo(made.keySet());
        made.forEach((name, tensor) -> assertThat(last(store.tensors().get(name))).isEqualTo(last(tensor)));
      }
    }
  }

  private static float[] last(StoredTensor tensor) {
    if (!tensor.type().isFloating()) {
      return new float[0];
    }
    int count = (int) Math.min(100, tensor.elements());
    float[] values = new float[count];
    tensor.read(tensor.elements() - count, count, values, 0);
    return values;
  }

  @Test
  void writeModel_sameSeed_givesTheBytesOfTheConvertedFolder() throws IOException {
    FabricatedCheckpoint checkpoint = new FabricatedCheckpoint(ModelShape.TINY, 3);
    Path direct = folder.resolve("direct.gguf");
    Fabricator.writeModel(checkpoint, direct, WeightTypes.of(Recipe.F16), ConversionListener.NONE);
    Path again = folder.resolve("again.gguf");
    Fabricator.writeModel(new FabricatedCheckpoint(ModelShape.TINY, 3), again, WeightTypes.of(Recipe.F16), ConversionListener.NONE);
    assertThat(Files.mismatch(direct, again)).isEqualTo(-1);

    Fabricator.writeFolder(checkpoint, folder.resolve("tiny"), ElementType.F32, ConversionListener.NONE);
    Path converted = folder.resolve("converted.gguf");
    Converter.convert(new CheckpointFolder(folder.resolve("tiny")), converted,
        ConversionOptions.of(ElementType.F16).withCard(checkpoint.name(), "none: random numbers", "gpa fabricate"), ConversionListener.NONE);
    assertThat(Files.mismatch(direct, converted)).isEqualTo(-1);

    Fabricator.writeModel(new FabricatedCheckpoint(ModelShape.TINY, 4), again, WeightTypes.of(Recipe.F16), ConversionListener.NONE);
    assertThat(Files.mismatch(direct, again)).isNotEqualTo(-1);
  }

  @Test
  void writeFolder_folderInUse_isRefusedAndUntouched() throws IOException {
    Path target = Files.createDirectory(folder.resolve("used"));
    Files.writeString(target.resolve("a"), "a");
    assertThatThrownBy(() -> Fabricator.writeFolder(new FabricatedCheckpoint(ModelShape.TINY, 3), target, ElementType.F32,
        ConversionListener.NONE)).isInstanceOf(GpaIoException.class).hasMessageContaining("used");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(target);
    }
  }

  @Test
  void of_unknownName_listsTheShapes() {
    assertThatThrownBy(() -> ModelShape.of("big")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("gpa-0.3b");
  }
}
