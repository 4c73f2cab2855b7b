package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Element types from Java: sizes, conversions by the engine, refusals. */
class ElementTypeTest {
  @ParameterizedTest
  @CsvSource({"F32, 0, 1, 4", "F16, 1, 1, 2", "Q4_0, 2, 32, 18", "Q8_0, 8, 32, 34", "Q4_K, 12, 256, 144", "Q5_K, 13, 256, 176", "Q6_K, 14, 256, 210",
      "IQ4_NL, 20, 32, 18", "I32, 26, 1, 4", "BF16, 30, 1, 2"})
  void sizes_areGgufs(ElementType type, int id, int blockElements, int blockBytes) {
    assertThat(type.id()).isEqualTo(id);
    assertThat(type.blockElements()).isEqualTo(blockElements);
    assertThat(type.blockBytes()).isEqualTo(blockBytes);
    assertThat(type.bytes(3L * blockElements)).isEqualTo(3L * blockBytes);
    assertThat(type.isQuantized()).isEqualTo(blockElements > 1);
    assertThat(ElementType.of(id)).contains(type);
  }

  @Test
  void sizes_ofNoWholeBlocks_areRefused() {
    assertThat(ElementType.of(6)).isEmpty();
    assertThatThrownBy(() -> ElementType.Q8_0.bytes(33)).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll("33", "Q8_0", "32");
    assertThatThrownBy(() -> ElementType.F32.bytes(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ElementType.F32.bytes(Long.MAX_VALUE)).isInstanceOf(ArithmeticException.class);
  }

  @ParameterizedTest
  @EnumSource(value = ElementType.class, names = {"Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q4_0", "IQ4_NL"})
  void quantize_rowsFromPositions_equalsConvertAndComesBack(ElementType type) {
    int rows = 3;
    int cols = 512;
    ByteBuffer source = direct(8 + rows * cols * 4);
    source.position(8);
    for (int i = 0; i < rows * cols; i++) {
      source.asFloatBuffer().put(i, (float) Math.sin(i * 0.37) * (1 + i % 7));
    }
    ByteBuffer quantized = direct(5 + (int) type.bytes(rows * cols));
    quantized.position(5);
    type.quantize(source, rows, cols, null, quantized);
    assertThat(source.position()).isEqualTo(8);
    assertThat(quantized.position()).isEqualTo(5);
    ByteBuffer converted = direct((int) type.bytes(rows * cols));
    ElementType.F32.convert(source, type, converted, rows * cols);
    assertThat(quantized.mismatch(converted)).isEqualTo(-1);
    ByteBuffer back = direct(rows * cols * 4);
    type.convert(converted, ElementType.F32, back, rows * cols);
    double error = 0;
    double power = 0;
    for (int i = 0; i < rows * cols; i++) {
      float want = source.asFloatBuffer().get(i);
      error += Math.pow(want - back.asFloatBuffer().get(i), 2);
      power += want * want;
    }
    assertThat(error / power).isBetween(1e-7, 2e-2);
  }

  @Test
  void quantize_byImportance_servesTheImportantColumns() {
    int cols = 256;
    ByteBuffer source = direct(cols * 4);
    ByteBuffer importance = direct(cols * 4);
    for (int i = 0; i < cols; i++) {
      source.asFloatBuffer().put(i, (float) Math.cos(i * i * 0.11));
      importance.asFloatBuffer().put(i, i % 4 == 0 ? 1000 : 1);
    }
    assertThat(error(source, importance)).isLessThan(0.7 * error(source, null));
  }

  private static double error(ByteBuffer source, ByteBuffer importance) {
    ByteBuffer quantized = direct((int) ElementType.Q4_K.bytes(256));
    ElementType.Q4_K.quantize(source, 1, 256, importance, quantized);
    ByteBuffer back = direct(256 * 4);
    ElementType.Q4_K.convert(quantized, ElementType.F32, back, 256);
    double error = 0;
    for (int i = 0; i < 256; i += 4) {
      error += Math.pow(source.asFloatBuffer().get(i) - back.asFloatBuffer().get(i), 2);
    }
    return error;
  }

  @Test
  void quantize_badArguments_areRefused() {
    ByteBuffer floats = direct(64 * 4);
    ByteBuffer target = direct(68);
    assertThatThrownBy(() -> ElementType.F16.quantize(floats, 1, 32, null, target)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("F16");
    assertThatThrownBy(() -> ElementType.Q8_0.quantize(floats, 1, 48, null, target)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("48");
    assertThatThrownBy(() -> ElementType.Q8_0.quantize(floats, -1, 32, null, target)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("rows");
    assertThatThrownBy(() -> ElementType.Q8_0.quantize(floats, 3, 32, null, target)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("source");
    assertThatThrownBy(() -> ElementType.Q8_0.quantize(floats, 2, 32, direct(4), target)).isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("importance");
    assertThatThrownBy(() -> ElementType.Q8_0.quantize(floats, 2, 32, null, direct(67))).isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("target");
    assertThatThrownBy(() -> ElementType.Q8_0.quantize(floats, 2, 32, null, target.asReadOnlyBuffer())).isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("read-only");
    assertThatThrownBy(() -> ElementType.Q8_0.quantize(ByteBuffer.allocate(256), 2, 32, null, target)).isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("direct");
    floats.asFloatBuffer().put(7, Float.NaN);
    assertThatThrownBy(() -> ElementType.Q8_0.quantize(floats, 2, 32, null, target)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("7");
    assertThatThrownBy(() -> ElementType.I32.convert(floats, ElementType.F32, direct(256), 64)).isInstanceOf(IllegalArgumentException.class);
    ElementType.Q8_0.quantize(floats, 0, 32, null, target);
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
