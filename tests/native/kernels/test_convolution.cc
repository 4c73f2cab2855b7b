// conv1d, conv_transpose1d, depthwise_conv1d against the reference.
#include <algorithm>

#include "kernels/support.h"

namespace gpa::test {
namespace {

class ConvolutionTest : public KernelTest {};
GPA_FOR_EACH_TABLE(ConvolutionTest);

struct Conv {
  int64_t frames, in, out, taps, stride, dilation, groups, pad_left, out_frames;
};

std::string text(const Conv& c, DType type) {
  std::string out = name_of(type);
  for (int64_t n : {c.frames, c.in, c.out, c.taps, c.stride, c.dilation, c.groups, c.pad_left, c.out_frames})
    out.append(" ").append(std::to_string(n));
  return out;
}

TEST_P(ConvolutionTest, conv1d_matchesReference) {
  const Conv cases[] = {
      // frames, in, out, taps, stride, dilation, groups, pad_left, out_frames
      {1, 1, 1, 1, 1, 1, 1, 0, 1},
      {50, 3, 17, 7, 1, 1, 1, 3, 50},     // same length
      {63, 33, 31, 7, 1, 3, 1, 9, 63},    // dilated
      {127, 16, 32, 7, 1, 9, 1, 27, 127},
      {40, 24, 24, 3, 1, 4, 1, 4, 40},
      {129, 1, 64, 10, 5, 1, 1, 0, 24},   // one channel, no padding
      {31, 7, 33, 3, 2, 1, 1, 2, 16},     // causal, stride 2
      {17, 64, 64, 8, 1, 1, 4, 4, 17},    // groups
      {33, 12, 18, 5, 2, 2, 3, 4, 17},    // groups, stride and dilation
      {64, 130, 1, 7, 1, 1, 1, 3, 64},    // one output
      {3, 20, 20, 9, 1, 1, 1, 20, 45},    // padding wider than the input, on both sides
      {2, 20, 20, 5, 3, 7, 2, 11, 9},
      {5, 40, 37, 7, 1, 1, 1, 3, 5},      // few rows
      {7, 40, 38, 3, 1, 2, 2, 2, 7},
      {12, 9, 9, 3, 1, 1, 1, -2, 8},      // cropped on the left
      {600, 48, 130, 7, 1, 1, 1, 3, 600},
  };
  for (const Conv& c : cases) {
    const Floats x = random_floats(c.frames * c.in, 1), bias = random_floats(c.out, 2);
    const Floats residual = random_floats(c.out_frames * c.out, 3);
    for (DType type : kTypes) {
      const Weights w = random_weights(type, c.out, c.taps * c.in / c.groups, 4);
      compare(c.out_frames * c.out, 1e-12, text(c, type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.conv1d(pool, {.x = x.data(),
                        .frames = c.frames,
                        .in_channels = c.in,
                        .w = w.view(),
                        .taps = c.taps,
                        .stride = c.stride,
                        .dilation = c.dilation,
                        .groups = c.groups,
                        .pad_left = c.pad_left,
                        .out_frames = c.out_frames,
                        .epilogue = {bias.data(), Activation::kGelu, nullptr, residual.data()},
                        .y = y});
      });
    }
  }
}

struct Transposed {
  int64_t frames, in, out, stride, taps_per_phase, crop, out_frames;
};

TEST_P(ConvolutionTest, convTranspose1d_matchesReference) {
  const Transposed cases[] = {
      // frames, in, out, stride, taps_per_phase, crop, out_frames
      {1, 1, 1, 1, 1, 0, 1},   {13, 48, 24, 8, 2, 4, 104}, {31, 33, 17, 5, 3, 3, 155}, {40, 20, 10, 4, 2, 2, 160},
      {63, 16, 7, 2, 2, 1, 126}, {2, 17, 9, 8, 2, 4, 16},  {3, 5, 3, 5, 3, 0, 25},     {1, 40, 3, 4, 2, 2, 4},
      {9, 12, 33, 3, 4, 7, 5},   {4, 6, 5, 3, 2, 1, 20},   // the last one reaches past the full output
  };
  for (const Transposed& c : cases) {
    const Floats x = random_floats(c.frames * c.in, 5), bias = random_floats(c.out, 6);
    for (DType type : kTypes) {
      const Weights w = random_weights(type, c.stride * c.out, c.taps_per_phase * c.in, 7);
      for (const float* b : {bias.data(), static_cast<const float*>(nullptr)}) {
        compare(c.out_frames * c.out, 1e-12, std::to_string(c.frames) + " frames, stride " + std::to_string(c.stride),
                [&](const KernelTable& k, ThreadPool& pool, float* y) {
                  k.conv_transpose1d(pool, {.x = x.data(),
                                            .frames = c.frames,
                                            .in_channels = c.in,
                                            .w = w.view(),
                                            .stride = c.stride,
                                            .taps_per_phase = c.taps_per_phase,
                                            .out_channels = c.out,
                                            .crop_left = c.crop,
                                            .out_frames = c.out_frames,
                                            .bias = b,
                                            .y = y});
                });
      }
    }
  }
}

// The scatter form of PyTorch's definition, from weights v[i][o][tap].
TEST_P(ConvolutionTest, convTranspose1d_isPyTorchs) {
  constexpr int64_t kFrames = 6, kIn = 3, kOut = 2, kTaps = 11, kStride = 5, kPadding = 3;
  constexpr int64_t kPhaseTaps = (kTaps + kStride - 1) / kStride, kOutFrames = (kFrames - 1) * kStride + kTaps - 2 * kPadding;
  const Floats x = random_floats(kFrames * kIn, 8), v = random_floats(kIn * kOut * kTaps, 9);
  Floats w(static_cast<size_t>(kStride * kOut * kPhaseTaps * kIn)), want(static_cast<size_t>(kOutFrames * kOut));
  for (int64_t i = 0; i < kIn; ++i)
    for (int64_t o = 0; o < kOut; ++o)
      for (int64_t tap = 0; tap < kTaps; ++tap) {
        const float value = v[static_cast<size_t>((i * kOut + o) * kTaps + tap)];
        const int64_t row = tap % kStride * kOut + o, m = kPhaseTaps - 1 - tap / kStride;
        w[static_cast<size_t>((row * kPhaseTaps + m) * kIn + i)] = value;
        for (int64_t t = 0; t < kFrames; ++t) {
          const int64_t to = t * kStride + tap - kPadding;
          if (to >= 0 && to < kOutFrames) want[static_cast<size_t>(to * kOut + o)] += value * x[static_cast<size_t>(t * kIn + i)];
        }
      }
  ThreadPool pool(2);
  Floats got(want.size());
  kernels().conv_transpose1d(pool, {.x = x.data(),
                                    .frames = kFrames,
                                    .in_channels = kIn,
                                    .w = {w.data(), DType::kF32, kStride * kOut, kPhaseTaps * kIn},
                                    .stride = kStride,
                                    .taps_per_phase = kPhaseTaps,
                                    .out_channels = kOut,
                                    .crop_left = kPadding,
                                    .out_frames = kOutFrames,
                                    .bias = nullptr,
                                    .y = got.data()});
  EXPECT_LE(nmse(want, got), 1e-12);
}

TEST_P(ConvolutionTest, depthwise_matchesReference) {
  for (int64_t frames : {1, 2, 7, 63}) {
    for (int64_t channels : {1, 15, 33, 384}) {
      for (int64_t taps : {1, 7, 9}) {
        for (int64_t pad : {int64_t{0}, taps / 2, taps - 1, taps + 3}) {
          const Floats x = random_floats(frames * channels, 10), w = random_floats(taps * channels, 11);
          const Floats bias = random_floats(channels, 12);
          for (int64_t out_frames : {frames, std::max<int64_t>(1, frames - taps), frames + 5}) {
            compare(out_frames * channels, 1e-11, std::to_string(frames) + " frames, pad " + std::to_string(pad),
                    [&](const KernelTable& k, ThreadPool& pool, float* y) {
                      k.depthwise_conv1d(pool, {.x = x.data(),
                                                .frames = frames,
                                                .channels = channels,
                                                .w = w.data(),
                                                .taps = taps,
                                                .pad_left = pad,
                                                .out_frames = out_frames,
                                                .bias = taps == 9 ? nullptr : bias.data(),
                                                .y = y});
                    });
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace gpa::test
