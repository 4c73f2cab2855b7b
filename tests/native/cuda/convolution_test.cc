// Convolutions: shapes of the networks in small, and a frame's bits whatever the pieces.
#include "device.h"

namespace gpa::test {
namespace {

struct Shape {
  int64_t in, out, taps, stride = 1, dilation = 1, groups = 1, pad_left = 0;
  bool snake = false;
};

std::string text(DType type, const Shape& s) {
  return std::string(name_of(type)) + " " + std::to_string(s.in) + " -> " + std::to_string(s.out) + ", " + std::to_string(s.taps) + " taps";
}

// Of Snake: one that takes the sine far, and others.
Floats alphas(int64_t count) {
  Floats alpha = random_floats(count, 9, 0.5f, 1.0f);
  alpha[0] = 100.0f;
  return alpha;
}

Op convolution_of(DType type, const Shape& s, const Floats& x, int64_t out_frames, Rounding rounding, bool with_epilogue = false) {
  const Weights w = random_weights(type, s.out, s.taps * s.in / s.groups, 7);
  return [=](Side& side) {
    Epilogue epilogue;
    if (with_epilogue) {
      epilogue = {side.array(random_floats(s.out, 2)), Activation::kGelu, side.array(random_floats(s.out, 3)),
                  side.array(random_floats(out_frames * s.out, 4))};
    }
    float* y = side.floats(out_frames * s.out);
    side.kernels().conv1d(side.queue(), {side.array(x), static_cast<int64_t>(x.size()) / s.in, s.in, side.weight(w), s.taps, s.stride, s.dilation,
                                         s.groups, s.pad_left, out_frames, epilogue, y, rounding, s.snake ? side.array(alphas(s.in)) : nullptr});
    return y;
  };
}

void compare_convolution(DType type, const Shape& s, int64_t frames, Rounding rounding, bool with_epilogue = false) {
  const int64_t out = (frames + 2 * s.pad_left - (s.taps - 1) * s.dilation - 1) / s.stride + 1;
  const double bound = rounding == Rounding::kNone && !with_epilogue ? 2e-13 : 1e-11;
  compare(text(type, s), out * s.out, bound, convolution_of(type, s, random_floats(frames * s.in, 1), out, rounding, with_epilogue));
}

TEST(CudaConvolution, shapesOfTheNetworks_matchTheReference) {
  const Shape shapes[] = {
      {1, 33, 10, 5},             // wav2vec2's first: one channel
      {32, 40, 3, 2},             // its others
      {64, 64, 16, 1, 1, 8, 8},   // its positional one: groups
      {80, 24, 3, 1, 1, 1, 2},    // the GLM tokenizer's, causal
      {24, 24, 3, 1, 4, 1, 4},    // dilated
      {40, 1, 7, 1, 1, 1, 3},     // one output
      {6, 10, 5, 1, 1, 2, 2},     // groups of three channels
      {96, 20, 7, 1, 9, 1, 27},
      {12, 20, 3, 1, 5, 1, 5},    // taps that change within eight columns
      {8, 40, 4, 3, 2, 2, 1},
  };
  for (const Shape& s : shapes) {
    compare_convolution(DType::kF32, s, 75, Rounding::kNone);
    compare_convolution(DType::kF16, s, 75, Rounding::kNone, true);
  }
}

// So many frames that the emulated GPU's four processors are given the largest tiles.
TEST(CudaConvolution, manyFrames_matchTheReference) {
  for (DType type : {DType::kF32, DType::kF16}) {
    compare_convolution(type, {24, 203, 3, 1, 3, 1, 3}, 600, Rounding::kNone, true);
    compare_convolution(type, {48, 40, 5, 1, 1, 4, 2}, 600, Rounding::kNone);
    compare_convolution(type, {4, 20, 9, 2}, 2100, Rounding::kNone);
  }
  compare_convolution(DType::kQ8_0, {32, 24, 4, 1, 2, 1, 3}, 1100, Rounding::kNone);
}

TEST(CudaConvolution, blockTypes_matchTheReference) {
  for (DType type : kBlockTypes) {
    for (Rounding rounding : {Rounding::kNone, Rounding::kInt8}) {
      compare_convolution(type, {64, 24, 4, 1, 2, 1, 3}, 40, rounding, true);
      compare_convolution(type, {32, 40, 8, 2}, 40, rounding);
      compare_convolution(type, {16, 12, 16}, 40, rounding);  // too few channels for a block: exact either way
    }
    compare_convolution(type, {128, 16, 8, 1, 1, 4}, 20, Rounding::kInt8);  // groups: exact either way
  }
}

TEST(CudaConvolution, snakeGoesAhead_ofProductAndPadding) {
  const Shape shapes[] = {{32, 40, 7, 1, 3, 1, 9, true}, {40, 1, 7, 1, 1, 1, 3, true}, {6, 10, 5, 1, 1, 2, 2, true}, {64, 24, 1, 1, 1, 1, 0, true}};
  for (const Shape& s : shapes) {
    compare_convolution(DType::kF32, s, 75, Rounding::kNone);
    compare_convolution(DType::kF16, s, 20, Rounding::kNone, true);
  }
  for (DType type : kBlockTypes)
    for (Rounding rounding : {Rounding::kNone, Rounding::kInt8}) compare_convolution(type, {64, 24, 4, 1, 2, 1, 3, true}, 40, rounding, true);
}

// Frames computed alone, from a piece of the input with the context they need, are those of the whole.
void expect_pieces(DType type, const Shape& s, Rounding rounding) {
  const int64_t frames = 90, reach = (s.taps - 1) * s.dilation, out = (frames - reach - 1) / s.stride + 1;
  const Floats x = random_floats(frames * s.in, 1), all = on_device(convolution_of(type, s, x, out, rounding), out * s.out);
  for (int64_t first : {int64_t{0}, int64_t{13}, out - 5}) {
    for (int64_t count : {int64_t{1}, int64_t{5}, out - first}) {
      if (first + count > out) continue;
      const auto begin = x.begin() + first * s.stride * s.in;
      const Floats piece(begin, begin + ((count - 1) * s.stride + reach + 1) * s.in);
      const Floats some = on_device(convolution_of(type, s, piece, count, rounding), count * s.out);
      ASSERT_EQ(0, std::memcmp(&all[static_cast<size_t>(first * s.out)], some.data(), some.size() * sizeof(float))) << text(type, s);
    }
  }
  // Zeros that are there and zeros that are implied.
  Shape padded = s;
  padded.pad_left = 2 * s.stride;
  Floats with_zeros(static_cast<size_t>(padded.pad_left * s.in), 0.0f);
  with_zeros.insert(with_zeros.end(), x.begin(), x.end());
  const Floats implied = on_device(convolution_of(type, padded, x, out, rounding), out * s.out);
  const Floats given = on_device(convolution_of(type, s, with_zeros, out, rounding), out * s.out);
  ASSERT_EQ(0, std::memcmp(implied.data(), given.data(), given.size() * sizeof(float))) << text(type, s);
}

TEST(CudaConvolution, frame_inAnyPiece_hasTheSameBits) {
  expect_pieces(DType::kF32, {24, 20, 7, 1, 3}, Rounding::kNone);
  expect_pieces(DType::kF32, {1, 20, 10, 5}, Rounding::kNone);
  expect_pieces(DType::kF16, {32, 32, 4, 1, 1, 4}, Rounding::kNone);
  expect_pieces(DType::kF32, {8, 3, 5, 2}, Rounding::kNone);
  expect_pieces(DType::kQ8_0, {32, 210, 5, 1, 2}, Rounding::kNone);
  expect_pieces(DType::kQ8_0, {64, 20, 3, 2}, Rounding::kInt8);
  expect_pieces(DType::kQ4_K, {64, 20, 4}, Rounding::kInt8);
  expect_pieces(DType::kQ8_0, {64, 20, 3, 1, 2, 1, 0, true}, Rounding::kInt8);
  expect_pieces(DType::kF16, {24, 20, 3, 1, 2, 1, 0, true}, Rounding::kNone);
}

TEST(CudaConvolution, transposed_anyCrop_matchesTheReference) {
  constexpr int64_t kFrames = 21, kIn = 32, kOut = 12, kPerPhase = 2;
  for (DType type : {DType::kF32, DType::kQ8_0}) {
    for (int64_t stride : {2, 5}) {
      const Weights w = random_weights(type, stride * kOut, kPerPhase * kIn, 7);
      for (int64_t crop : {0, 3, 7}) {
        for (int64_t out_frames : {int64_t{3}, kFrames * stride, (kFrames + 1) * stride + 4 - crop}) {
          compare(std::string(name_of(type)) + " stride " + std::to_string(stride) + " crop " + std::to_string(crop), out_frames * kOut, 1e-11, [&](Side& side) {
            float* y = side.floats(out_frames * kOut);
            side.kernels().conv_transpose1d(side.queue(), {side.array(random_floats(kFrames * kIn, 1)), kFrames, kIn, side.weight(w), stride, kPerPhase,
                                                           kOut, crop, out_frames, side.array(random_floats(kOut, 2)), y, Rounding::kInt8,
                                                           crop == 3 ? side.array(alphas(kIn)) : nullptr});
            return y;
          });
        }
      }
    }
  }
}

}  // namespace
}  // namespace gpa::test
