#include "device.h"

namespace gpa::test {
namespace {

// expf and the like are right to a few units in the last place on a GPU.
constexpr double kBound = 1e-11;
constexpr Activation kActivations[] = {Activation::kNone, Activation::kGelu,    Activation::kRelu,
                                       Activation::kSilu, Activation::kSigmoid, Activation::kTanh};

struct Shape {
  int64_t rows, cols;
};
constexpr Shape kShapes[] = {{1, 1}, {3, 5}, {2, 64}, {7, 96}, {3, 130}, {1, 1027}, {5, 1024}};

TEST(CudaElementwise, activate_matchesTheReference) {
  for (const int64_t count : {1, 4, 7, 1024, 4099}) {
    for (const Activation activation : kActivations) {
      Floats x = random_floats(count, 1, 4.0f);
      if (count > 8) x[3] = -200.0f, x[4] = 200.0f, x[5] = -0.0f;
      compare("activate", count, kBound, [&](Side& side) {
        float* y = side.array(x);
        side.kernels().activate(side.queue(), {y, count, activation, y});
        return y;
      });
    }
  }
}

TEST(CudaElementwise, affine_matchesTheReference) {
  for (const Shape& s : kShapes) {
    const Floats x = random_floats(s.rows * s.cols, 1), scale = random_floats(s.cols, 2), shift = random_floats(s.cols, 3),
                 add = random_floats(s.rows * s.cols, 4);
    for (int parts = 0; parts < 8; ++parts) {
      compare("affine " + std::to_string(parts), s.rows * s.cols, kBound, [&](Side& side) {
        float* in = side.array(x);
        float* y = parts == 7 ? in : side.floats(s.rows * s.cols);
        side.kernels().affine(side.queue(), {in, s.rows, s.cols, parts & 1 ? side.array(scale) : nullptr, parts & 2 ? side.array(shift) : nullptr,
                                             parts & 4 ? side.array(add) : nullptr, y});
        return y;
      });
    }
  }
}

TEST(CudaElementwise, meanRows_matchesTheReference) {
  struct Case {
    int64_t rows, cols, window;
  };
  for (const Case& c : {Case{1, 1, 1}, {7, 33, 3}, {50, 64, 50}, {50, 40, 16}, {200, 5, 199}}) {
    const Floats x = random_floats(c.rows * c.cols, 1, 1.0f, 1.0f);
    const int64_t windows = (c.rows + c.window - 1) / c.window;
    compare("mean_rows", windows * c.cols, kBound, [&](Side& side) {
      float* y = side.floats(windows * c.cols);
      side.kernels().mean_rows(side.queue(), {side.array(x), c.rows, c.cols, c.window, y});
      return y;
    });
  }
}

Op depthwise_op(const Floats& x, int64_t frames, int64_t channels, const Floats& w, int64_t taps, int64_t pad_left, int64_t out_frames,
                const Floats& bias) {
  return [=](Side& side) {
    float* y = side.floats(out_frames * channels);
    const float* b = bias.empty() ? nullptr : side.array(bias);
    side.kernels().depthwise_conv1d(side.queue(), {side.array(x), frames, channels, side.array(w), taps, pad_left, out_frames, b, y});
    return y;
  };
}

TEST(CudaElementwise, depthwiseConv1d_matchesTheReference) {
  struct Case {
    int64_t frames, channels, taps, pad_left, out_frames;
  };
  for (const Case& c : {Case{1, 1, 1, 0, 1}, {20, 33, 7, 3, 20}, {9, 130, 31, 30, 9}, {30, 64, 7, 6, 24}, {5, 16, 3, 0, 8}}) {
    const Floats x = random_floats(c.frames * c.channels, 1), w = random_floats(c.taps * c.channels, 2), bias = random_floats(c.channels, 3);
    for (const Floats& b : {Floats{}, bias})
      compare("depthwise_conv1d", c.out_frames * c.channels, kBound, depthwise_op(x, c.frames, c.channels, w, c.taps, c.pad_left, c.out_frames, b));
  }
}

// Frames 6 ... of a convolution that begins at frame 6 less its history: the same bits.
TEST(CudaElementwise, depthwiseConv1d_mayComeInPieces) {
  constexpr int64_t kFrames = 21, kChannels = 40, kTaps = 7, kBegin = 6;
  const Floats x = random_floats(kFrames * kChannels, 1), w = random_floats(kTaps * kChannels, 2), bias = random_floats(kChannels, 3);
  const Floats whole = on_device(depthwise_op(x, kFrames, kChannels, w, kTaps, kTaps - 1, kFrames, bias), kFrames * kChannels);
  const Floats tail(x.begin() + (kBegin - (kTaps - 1)) * kChannels, x.end());
  const int64_t rest = kFrames - kBegin;
  const Floats piece = on_device(depthwise_op(tail, rest + kTaps - 1, kChannels, w, kTaps, 0, rest, bias), rest * kChannels);
  EXPECT_EQ(0, std::memcmp(piece.data(), whole.data() + kBegin * kChannels, piece.size() * sizeof(float)));
}

}  // namespace
}  // namespace gpa::test
