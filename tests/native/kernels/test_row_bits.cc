// A row or frame of a result has the same bits however many others are computed with it and on however many threads: what
// batching and streaming rest on. Every op is run over all rows, then over some of them.
#include "kernels/support.h"

namespace gpa::test {
namespace {

class RowBitsTest : public KernelTest {
 protected:
  static constexpr int64_t kRows = 330;
  const int64_t colses_[3] = {16, 96, 389};
  ThreadPool single_{1}, many_{3};

  // op(pool, first row, rows, out [rows, width]).
  template <class Op>
  void expect_same(const std::string& what, int64_t width, Op op) {
    Floats all(static_cast<size_t>(kRows * width));
    op(many_, 0, kRows, all.data());
    for (int64_t rows : {1, 2, 5, 7, 8, 13, 40, 200}) {
      for (int64_t first : {int64_t{0}, int64_t{3}, kRows - rows}) {
        for (ThreadPool* pool : {&single_, &many_}) {
          Floats some(static_cast<size_t>(rows * width));
          op(*pool, first, rows, some.data());
          ASSERT_EQ(0, std::memcmp(some.data(), all.data() + first * width, some.size() * sizeof(float)))
              << what << ": rows " << first << " ... " << first + rows << " of " << kRows << ", width " << width;
        }
      }
    }
  }
};
GPA_FOR_EACH_TABLE(RowBitsTest);

TEST_P(RowBitsTest, layerNorm) {
  for (int64_t cols : colses_) {
    const Floats x = random_floats(kRows * cols, 1), scale = random_floats(cols, 2), shift = random_floats(cols, 3);
    for (int parts = 0; parts < 4; ++parts) {
      expect_same("layer_norm", cols, [&](ThreadPool& pool, int64_t first, int64_t rows, float* y) {
        kernels().layer_norm(pool, {x.data() + first * cols, rows, cols, parts & 1 ? scale.data() : nullptr,
                                    parts & 2 ? shift.data() : nullptr, 1e-6f, y});
      });
    }
  }
}

TEST_P(RowBitsTest, affine) {
  for (int64_t cols : colses_) {
    const Floats x = random_floats(kRows * cols, 4, 3.0f), alpha = random_floats(cols, 5), shift = random_floats(cols, 6);
    const Floats add = random_floats(kRows * cols, 7);
    for (int parts = 0; parts < 8; ++parts) {
      expect_same("affine", cols, [&](ThreadPool& pool, int64_t first, int64_t rows, float* y) {
        kernels().affine(pool, {x.data() + first * cols, rows, cols, parts & 1 ? alpha.data() : nullptr, parts & 2 ? shift.data() : nullptr,
                                parts & 4 ? add.data() + first * cols : nullptr, y});
      });
    }
  }
}

TEST_P(RowBitsTest, activations) {
  const Floats x = random_floats(kRows * 64, 8, 2.0f);
  for (Activation activation : {Activation::kGelu, Activation::kRelu, Activation::kSilu, Activation::kSigmoid, Activation::kTanh}) {
    expect_same("activate", 64, [&](ThreadPool& pool, int64_t first, int64_t rows, float* y) {
      kernels().activate(pool, {x.data() + first * 64, rows * 64, activation, y});
    });
  }
}

TEST_P(RowBitsTest, depthwise) {
  for (int64_t cols : colses_) {
    const Floats x = random_floats((kRows + 6) * cols, 10), w = random_floats(7 * cols, 11), bias = random_floats(cols, 12);
    expect_same("depthwise", cols, [&](ThreadPool& pool, int64_t first, int64_t rows, float* y) {
      kernels().depthwise_conv1d(pool, {x.data() + first * cols, rows + 6, cols, w.data(), 7, 0, rows, bias.data(), y});
    });
  }
}

TEST_P(RowBitsTest, linearAndConvolution) {
  if (GetParam() == "reference") GTEST_SKIP() << "plain loops, too slow for so many rounds";
  for (DType type : {DType::kF32, DType::kBF16, DType::kQ8_0, DType::kQ4_K}) {
    const int64_t in = dtype_quantized(type) ? 256 : 90, out = 70;
    const Floats x = random_floats((kRows + 18) * in, 13), bias = random_floats(out, 14), gamma = random_floats(out, 15);
    const Floats residual = random_floats(kRows * out, 16);
    const Weights w = random_weights(type, out, in, 17), conv = random_weights(type, out, 7 * in, 18);
    for (Activation activation : {Activation::kNone, Activation::kGelu, Activation::kTanh}) {
      for (int parts = 0; parts < 8; ++parts) {
        for (Rounding rounding : {Rounding::kNone, Rounding::kInt8}) {
          const auto epilogue = [&](int64_t first) {
            return Epilogue{parts & 1 ? bias.data() : nullptr, activation, parts & 2 ? gamma.data() : nullptr,
                            parts & 4 ? residual.data() + first * out : nullptr};
          };
          expect_same(std::string("linear ") + name_of(type), out, [&](ThreadPool& pool, int64_t first, int64_t rows, float* y) {
            kernels().linear(pool, {x.data() + first * in, rows, w.view(), epilogue(first), y, rounding});
          });
          if (activation == Activation::kGelu || parts % 3 != 0) continue;
          expect_same(std::string("conv1d ") + name_of(type), out, [&](ThreadPool& pool, int64_t first, int64_t rows, float* y) {
            kernels().conv1d(pool, {.x = x.data() + first * in, .frames = rows + 18, .in_channels = in, .w = conv.view(), .taps = 7,
                                    .dilation = 3, .out_frames = rows, .epilogue = epilogue(first), .y = y, .rounding = rounding});
          });
        }
      }
    }
  }
}

TEST_P(RowBitsTest, prologues) {
  for (DType type : {DType::kF32, DType::kBF16, DType::kQ8_0, DType::kQ4_K}) {
    const int64_t in = dtype_quantized(type) ? 256 : 90, out = 35;
    const Floats x = random_floats(kRows * in, 22, 2.0f), up = random_floats(kRows * in, 23), norm = random_floats(in, 24, 0.5f, 1.0f);
    const Weights w = random_weights(type, out, in, 25);
    for (Rounding rounding : {Rounding::kNone, Rounding::kInt8}) {
      expect_same(std::string("normed ") + name_of(type), out, [&](ThreadPool& pool, int64_t first, int64_t rows, float* y) {
        kernels().linear(pool, {x.data() + first * in, rows, w.view(), {}, y, rounding, {.norm = norm.data(), .eps = 1e-6f}});
      });
      expect_same(std::string("gated ") + name_of(type), out, [&](ThreadPool& pool, int64_t first, int64_t rows, float* y) {
        const Prologue prologue{.up = up.data() + first * in, .activation = Activation::kSilu};
        kernels().linear(pool, {x.data() + first * in, rows, w.view(), {}, y, rounding, prologue});
      });
    }
  }
}

// Frames of 5 rows of the full output each; a part of x gives the rows that depend on nothing before it.
TEST_P(RowBitsTest, transposedConvolution) {
  constexpr int64_t kIn = 64, kOut = 9, kStride = 5, kTaps = 3;
  const Floats x = random_floats((kRows + kTaps - 1) * kIn, 19), bias = random_floats(kOut, 20);
  for (DType type : {DType::kF32, DType::kBF16, DType::kQ8_0}) {
    const Weights w = random_weights(type, kStride * kOut, kTaps * kIn, 21);
    expect_same(std::string("conv_transpose1d ") + name_of(type), kStride * kOut, [&](ThreadPool& pool, int64_t first, int64_t rows, float* y) {
      kernels().conv_transpose1d(pool, {.x = x.data() + first * kIn, .frames = rows + kTaps - 1, .in_channels = kIn, .w = w.view(),
                                        .stride = kStride, .taps_per_phase = kTaps, .out_channels = kOut, .crop_left = (kTaps - 1) * kStride,
                                        .out_frames = rows * kStride, .bias = bias.data(), .y = y});
    });
  }
}

}  // namespace
}  // namespace gpa::test
