// Convolutions: shapes of the networks in small, and a frame's bits whatever the pieces.
#include "cuda/operands.h"

namespace gpa::test {
namespace {

struct Shape {
  int64_t in, out, taps, stride = 1, dilation = 1, groups = 1, pad_left = 0;
};

class CudaConvolutionTest : public OperandTest {
 protected:
  Floats run(DType type, const Shape& s, const Floats& x, int64_t out_frames, Rounding rounding, bool epilogue = false) {
    const auto frames = static_cast<int64_t>(x.size()) / s.in;
    const Weights& w = adopt(random_weights(type, s.out, s.taps * s.in / s.groups, 7));
    const Floats bias = random_floats(s.out, 2), gamma = random_floats(s.out, 3), residual = random_floats(out_frames * s.out, 4);
    Floats want(static_cast<size_t>(out_frames * s.out), NAN);
    const auto args = [&](const float* from, const float* b, const float* g, const float* r, float* y) {
      const Epilogue e = epilogue ? Epilogue{b, Activation::kGelu, g, r} : Epilogue{};
      return Conv1dArgs{from, frames, s.in, w.view(), s.taps, s.stride, s.dilation, s.groups, s.pad_left, out_frames, e, y, rounding};
    };
    reference_kernels().conv1d(host_, args(x.data(), bias.data(), gamma.data(), residual.data(), want.data()));
    float* y = put(Floats(want.size(), NAN));
    kernels_.conv1d(*queue_, args(put(x), put(bias), put(gamma), put(residual), y));
    const Floats got = get(y, want.size());
    expect_close(want, got, rounding == Rounding::kInt8 ? 1e-10 : 1e-11, text(type, s));
    return got;
  }
  static std::string text(DType type, const Shape& s) {
    return std::string(name_of(type)) + " " + std::to_string(s.in) + " -> " + std::to_string(s.out) + ", " + std::to_string(s.taps) + " taps";
  }
  static Floats part(const Floats& x, int64_t first, int64_t count, int64_t channels) {
    return {x.begin() + first * channels, x.begin() + (first + count) * channels};
  }
};

TEST_F(CudaConvolutionTest, shapesOfTheNetworks_matchReference) {
  const Shape shapes[] = {
      {1, 33, 10, 5},                  // wav2vec2's first: one channel
      {32, 40, 3, 2},                  // its others
      {64, 64, 16, 1, 1, 8, 8},        // its positional one: groups
      {80, 24, 3, 1, 1, 1, 2},         // the GLM tokenizer's, causal
      {24, 24, 3, 1, 4, 1, 4},         // dilated
      {40, 1, 7, 1, 1, 1, 3},          // one output
      {6, 10, 5, 1, 1, 2, 2},          // groups of three channels
      {96, 20, 7, 1, 9, 1, 27},
  };
  for (const Shape& s : shapes) {
    const int64_t frames = 75, out = (frames + 2 * s.pad_left - (s.taps - 1) * s.dilation - 1) / s.stride + 1;
    run(DType::kF32, s, random_floats(frames * s.in, 1), out, Rounding::kNone);
    run(DType::kF16, s, random_floats(frames * s.in, 1), out, Rounding::kNone, true);
  }
}

TEST_F(CudaConvolutionTest, blockTypes_matchReference) {
  for (DType type : kBlockTypes) {
    const Shape s{64, 24, 4, 1, 2, 1, 3}, strided{32, 40, 8, 2, 1, 1, 0}, odd{16, 12, 16};
    for (Rounding rounding : {Rounding::kNone, Rounding::kInt8}) {
      run(type, s, random_floats(40 * 64, 1), 37, rounding, true);
      run(type, strided, random_floats(40 * 32, 1), 17, rounding);
      run(type, odd, random_floats(40 * 16, 1), 25, rounding);  // too few channels for a block: exact either way
    }
    run(type, {128, 16, 8, 1, 1, 4}, random_floats(20 * 128, 1), 13, Rounding::kInt8);  // groups: exact either way
  }
}

// Frames computed alone, from a piece of the input with the context they need, are those of the whole.
TEST_F(CudaConvolutionTest, frame_inAnyPiece_hasSameBits) {
  const auto expect_pieces = [&](DType type, const Shape& s, Rounding rounding) {
    const int64_t frames = 90, reach = (s.taps - 1) * s.dilation, out = (frames - reach - 1) / s.stride + 1;
    const Floats x = random_floats(frames * s.in, 1), all = run(type, s, x, out, rounding);
    for (int64_t first : {int64_t{0}, int64_t{13}, out - 5}) {
      for (int64_t count : {int64_t{1}, int64_t{5}, out - first}) {
        if (first + count > out) continue;
        const Floats some = run(type, s, part(x, first * s.stride, (count - 1) * s.stride + reach + 1, s.in), count, rounding);
        expect_same(&all[static_cast<size_t>(first * s.out)], some.data(), count * s.out, text(type, s));
      }
    }
    // Zeros that are there and zeros that are implied.
    const Shape padded{s.in, s.out, s.taps, s.stride, s.dilation, s.groups, 2 * s.stride};
    Floats with_zeros(static_cast<size_t>(2 * s.stride * s.in), 0.0f);
    with_zeros.insert(with_zeros.end(), x.begin(), x.end());
    expect_same(run(type, padded, x, out, rounding).data(), run(type, s, with_zeros, out, rounding).data(), out * s.out, "zeros around");
  };
  expect_pieces(DType::kF32, {24, 20, 7, 1, 3}, Rounding::kNone);
  expect_pieces(DType::kF32, {1, 20, 10, 5}, Rounding::kNone);
  expect_pieces(DType::kF16, {32, 32, 4, 1, 1, 4}, Rounding::kNone);
  expect_pieces(DType::kQ8_0, {64, 20, 3, 2}, Rounding::kInt8);
  expect_pieces(DType::kQ4_K, {64, 20, 4}, Rounding::kInt8);
}

TEST_F(CudaConvolutionTest, transposed_anyCrop_matchesReference) {
  for (DType type : {DType::kF32, DType::kBF16, DType::kQ8_0}) {
    for (Rounding rounding : {Rounding::kNone, Rounding::kInt8}) {
      for (int64_t stride : {2, 5}) {
        for (int64_t crop : {0, 1, 3, 7}) {
          const int64_t frames = 21, in = 32, out = 12, per_phase = 2;
          const Weights& w = adopt(random_weights(type, stride * out, per_phase * in, 7));
          const Floats x = random_floats(frames * in, 1), bias = random_floats(out, 2);
          for (int64_t out_frames : {int64_t{3}, frames * stride, (frames + 1) * stride + 4 - crop}) {
            Floats want(static_cast<size_t>(out_frames * out), NAN);
            const ConvTranspose1dArgs args{x.data(), frames, in, w.view(), stride, per_phase, out, crop, out_frames, bias.data(), want.data(), rounding};
            reference_kernels().conv_transpose1d(host_, args);
            ConvTranspose1dArgs moved = args;
            moved.x = put(x);
            moved.bias = put(bias);
            moved.y = put(Floats(want.size(), NAN));
            kernels_.conv_transpose1d(*queue_, moved);
            expect_close(want, get(moved.y, want.size()), 1e-10, std::string(name_of(type)) + " stride " + std::to_string(stride));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace gpa::test
