package io.gpa4j.conversion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gpa4j.ModelFormatException;
import io.gpa4j.conversion.Transforms.BatchNorm;
import io.gpa4j.conversion.Transforms.RowScale;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransformsTest {
  private static final Offset<Float> ROUNDING = within(1e-6f);

  @Test
  void convolution_weightNorm_foldsAndTurns() {
    Tensors g = Tensors.filled(1, 5, 1, 1);
    Tensors v = Tensors.filled(2, 5, 3, 7);
    float[] got = run(Transforms.convolution(stored(v), Transforms.weightNormRows(stored(g), stored(v))), 105);
    for (int o = 0; o < 5; o++) {
      double square = 0;
      for (int k = 0; k < 21; k++) {
        square += Math.pow(v.values()[o * 21 + k], 2);
      }
      for (int i = 0; i < 3; i++) {
        for (int t = 0; t < 7; t++) {
          double want = g.values()[o] * v.values()[o * 21 + i * 7 + t] / Math.sqrt(square);
          assertThat(got[o * 21 + t * 3 + i]).isCloseTo((float) want, ROUNDING);
        }
      }
    }
  }

  @Test
  void convolution_weightNormOverTaps_dividesByTheLengthOfEachTap() {
    Tensors g = Tensors.filled(3, 1, 1, 4);
    Tensors v = Tensors.filled(4, 6, 2, 4);
    float[] got = run(Transforms.convolution(stored(v), Transforms.weightNormTaps(stored(g), stored(v))), 48);
    for (int t = 0; t < 4; t++) {
      double square = 0;
      for (int k = 0; k < 12; k++) {
        square += Math.pow(v.values()[k * 4 + t], 2);
      }
      for (int k = 0; k < 12; k++) {
        double want = g.values()[t] * v.values()[k * 4 + t] / Math.sqrt(square);
        assertThat(got[k / 2 * 8 + t * 2 + k % 2]).isCloseTo((float) want, ROUNDING);
      }
    }
  }

  @Test
  void convolution_manyBlocks_equalsOne() {
    Tensors v = Tensors.filled(5, 3000, 40, 7);
    float[] got = run(Transforms.convolution(stored(v), RowScale.constant(3)), v.values().length);
    for (int o = 0; o < 3000; o += 271) {
      assertThat(got[(o * 7 + 6) * 40 + 39]).isEqualTo(3 * v.values()[(o * 40 + 39) * 7 + 6]);
    }
  }

  @ParameterizedTest
  @CsvSource({"16, 8", "11, 5", "8, 4", "4, 2", "5, 5", "7, 2", "3, 1"})
  void transposed_phases_computeTheTransposedConvolution(int taps, int stride) {
    int in = 3;
    int out = 4;
    int frames = 6;
    Tensors v = Tensors.filled(taps, in, out, taps);
    Tensors x = Tensors.filled(99, frames, in);
    double[][] want = new double[frames * stride + taps][out];
    for (int n = 0; n < frames; n++) {
      for (int i = 0; i < in; i++) {
        for (int o = 0; o < out; o++) {
          for (int t = 0; t < taps; t++) {
            want[n * stride + t][o] += (double) x.values()[n * in + i] * v.values()[(i * out + o) * taps + t];
          }
        }
      }
    }
    int perPhase = (taps + stride - 1) / stride;
    float[] weight = run(Transforms.transposed(stored(v), RowScale.ONE, stride), stride * out * perPhase * in);
    for (int sample = 0; sample < frames * stride; sample++) {
      for (int o = 0; o < out; o++) {
        int row = sample % stride * out + o;
        double sum = 0;
        for (int j = 0; j < perPhase; j++) {
          int n = sample / stride - (perPhase - 1) + j;
          for (int i = 0; n >= 0 && i < in; i++) {
            sum += (double) weight[(row * perPhase + j) * in + i] * x.values()[n * in + i];
          }
        }
        assertThat(sum).isCloseTo(want[sample][o], within(1e-9));
      }
    }
  }

  @Test
  void transposed_weightNorm_dividesByTheLengthOfEachInput() {
    Tensors g = Tensors.filled(6, 2, 1, 1);
    Tensors v = Tensors.filled(7, 2, 3, 4);
    float[] plain = run(Transforms.transposed(stored(v), RowScale.ONE, 2), 24);
    float[] normed = run(Transforms.transposed(stored(v), Transforms.weightNormRows(stored(g), stored(v)), 2), 24);
    for (int k = 0; k < 24; k++) {
      int i = k % 2;
      double square = 0;
      for (int j = 0; j < 12; j++) {
        square += Math.pow(v.values()[i * 12 + j], 2);
      }
      assertThat(normed[k]).isCloseTo((float) (plain[k] * g.values()[i] / Math.sqrt(square)), ROUNDING);
    }
  }

  @Test
  void transposed_manyBlocks_equalsOne() {
    Tensors v = Tensors.filled(8, 300, 200, 16);
    float[] got = run(Transforms.transposed(stored(v), RowScale.ONE, 8), v.values().length);
    for (int k = 0; k < v.values().length; k += 997) {
      int t = k % 16;
      int o = k / 16 % 200;
      int i = k / 3200;
      assertThat(got[((t % 8 * 200 + o) * 2 + 1 - t / 8) * 300 + i]).isEqualTo(v.values()[k]);
    }
  }

  @Test
  void depthwise_anyChannels_turnsToTapsFirst() {
    Tensors v = Tensors.filled(9, 50_001, 1, 7);
    float[] got = run(Transforms.depthwise(stored(v)), v.values().length);
    for (int k = 0; k < got.length; k += 101) {
      assertThat(got[k % 7 * 50_001 + k / 7]).isEqualTo(v.values()[k]);
    }
  }

  @Test
  void batchNorm_statistics_becomeScaleAndShift() {
    BatchNorm norm = new BatchNorm(stored(Tensors.filled(1, 8)), stored(Tensors.filled(2, 8)), stored(Tensors.filled(3, 8)),
        stored(Tensors.filled(4, 8).map(Math::abs)));
    float[] scale = run(Transforms.batchNormScale(norm), 8);
    float[] shift = run(Transforms.batchNormShift(norm), 8);
    for (int c = 0; c < 8; c++) {
      double factor = Tensors.filled(1, 8).values()[c] / Math.sqrt(Math.abs(Tensors.filled(4, 8).values()[c]) + 1e-5);
      double x = 0.7;
      double want = (x - Tensors.filled(3, 8).values()[c]) * factor + Tensors.filled(2, 8).values()[c];
      assertThat(x * scale[c] + shift[c]).isCloseTo(want, within(1e-4 * Math.max(1, Math.abs(want))));
      assertThat(scale[c]).isEqualTo((float) factor);
    }
  }

  @Test
  void batchNorm_negativeVariance_isRefused() {
    Tensors one = Tensors.of(new float[] {1}, 1);
    BatchNorm norm = new BatchNorm(stored(one), stored(one), stored(one), stored(Tensors.of(new float[] {-0.5f}, 1)));
    assertThatThrownBy(() -> run(Transforms.batchNormScale(norm), 1)).isInstanceOf(ModelFormatException.class).hasMessageContaining("variance");
  }

  @Test
  void weightNorm_lengthZero_isRefused() {
    Tensors g = Tensors.of(new float[] {1, 1}, 2, 1, 1);
    Tensors v = Tensors.of(new float[] {1, 2, 0, 0}, 2, 1, 2);
    assertThatThrownBy(() -> run(Transforms.convolution(stored(v), Transforms.weightNormRows(stored(g), stored(v))), 4))
        .isInstanceOf(ModelFormatException.class).hasMessageContaining("row 1");
  }

  private static MemoryTensor stored(Tensors tensor) {
    return new MemoryTensor(tensor);
  }

  // Blocks in reverse: their order must not matter. Elements that nothing writes stay NaN.
  private static float[] run(Transform transform, int elements) {
    float[] target = new float[elements];
    Arrays.fill(target, Float.NaN);
    transform.prepare();
    for (long block = transform.blocks() - 1; block >= 0; block--) {
      transform.run(block, new Gathering(target));
    }
    boolean unwritten = false;
    for (float value : target) {
      unwritten |= Float.isNaN(value);
    }
    assertThat(unwritten).as("elements that no block wrote").isFalse();
    return target;
  }

  private record Gathering(float[] target) implements TensorSink {
    @Override
    public void write(long first, float[] values, int count) {
      System.arraycopy(values, 0, target, (int) first, count);
    }

    @Override
    public void copy(long offset, ByteBuffer bytes) {
      throw new AssertionError("numbers are expected");
    }
  }
}
