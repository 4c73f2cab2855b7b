package io.gpa4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.ElementType;
import io.gpa4j.GpaIoException;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.ConversionReport;
import io.gpa4j.conversion.Converter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectorTest {
  @TempDir Path folder;

  @Test
  void inspect_convertedModel_showsWhatWasWritten() throws IOException {
    Path model = folder.resolve("model.gguf");
    ConversionReport report = Converter.convert(Path.of("..", "tests", "data", "goldens", "checkpoint"), model,
        ConversionOptions.of(ElementType.F16), ConversionListener.NONE);
    Inspector inspector = Inspector.inspect(model);
    assertThat(inspector.metadata()).containsEntry("general.architecture", "gpa").containsEntry("gpa.tokens.end_of_answer", 432L)
        .containsEntry("gpa.codec.volume_normalize", true).containsEntry("gpa.decoder.rms_epsilon", 1e-6)
        .containsEntry("gpa.wav2vec2.feature_layers", List.of(11L, 14L, 16L));
    assertThat((String) inspector.metadata().get("tokenizer.huggingface.json")).contains("characters").hasSizeLessThan(200);
    assertThat(inspector.tensors()).hasSize(report.tensors());
    assertThat(inspector.networks()).extracting(Inspector.Total::name).containsExactly("decoder", "glm", "wav2vec2", "codec", "speaker");
    assertThat(inspector.networks().stream().mapToLong(Inspector.Total::bytes).sum())
        .isEqualTo(inspector.types().stream().mapToLong(Inspector.Total::bytes).sum()).isLessThan(report.bytes());
    assertThat(inspector.types()).extracting(Inspector.Total::name).containsExactlyInAnyOrder("F16", "F32");
    assertThat(inspector.toText()).contains("codec.generator.blk.0.up.weight").contains("[256, 2, 64]").contains("network");
    JsonNode json = new ObjectMapper().readTree(inspector.toJson());
    assertThat(json.get("tensors")).hasSize(report.tensors());
    assertThat(json.at("/metadata/gpa.glm.block_count").asInt()).isEqualTo(4);
  }

  @Test
  void inspect_fileOfAnotherArchitecture_works() {
    Path file = folder.resolve("other.gguf");
    GgufMetadata metadata = new GgufMetadata().string("general.architecture", "llama").strings("names", List.of("a", "b"));
    try (GgufWriter writer = GgufWriter.create(file, metadata, List.of(new GgufTensor("x", ElementType.F32, List.of(2L, 3L))))) {
      writer.write(0, 0, ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN));
      writer.commit();
    }
    Inspector inspector = Inspector.inspect(file);
    assertThat(inspector.metadata()).containsEntry("names", List.of("a", "b"));
    assertThat(inspector.tensors()).singleElement().satisfies(t -> assertThat(t.shape()).containsExactly(2L, 3L));
  }

  @Test
  void inspect_absentFile_saysWhich() {
    assertThatThrownBy(() -> Inspector.inspect(folder.resolve("absent.gguf"))).isInstanceOf(GpaIoException.class).hasMessageContaining("absent.gguf");
  }

  @Test
  void writer_closedBeforeCommit_leavesNothing() {
    GgufMetadata metadata = new GgufMetadata().string("general.architecture", "gpa");
    try (GgufWriter writer = GgufWriter.create(folder.resolve("m.gguf"), metadata, List.of(new GgufTensor("x", ElementType.F32, List.of(1L))))) {
      assertThatThrownBy(() -> writer.write(0, 4, ByteBuffer.allocate(4))).isInstanceOf(IndexOutOfBoundsException.class);
    }
    assertThat(folder).isEmptyDirectory();
  }
}
