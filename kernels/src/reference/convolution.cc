#include <vector>

#include "reference/ops.h"

namespace gpa::reference {

namespace {

// x [frames, in_channels] as it enters.
template <class Args>
std::vector<float> entering(const Args& a, Rounding rounding) {
  std::vector<float> x(a.x, a.x + a.frames * a.in_channels);
  for (int64_t i = 0; a.snake && i < a.frames * a.in_channels; ++i) x[i] = snake_of(x[i], a.snake[i % a.in_channels]);
  const std::vector<float> levels = rounded(rounding, a.w.type, x.data(), a.frames, a.in_channels);
  return levels.empty() ? x : levels;
}

}  // namespace

void conv1d(Queue&, const Conv1dArgs& a) {
  const int64_t out_channels = a.w.rows, in_group = a.in_channels / a.groups, out_group = out_channels / a.groups;
  const std::vector<float> frames = entering(a, a.groups == 1 ? a.rounding : Rounding::kNone);
  std::vector<float> row(a.w.cols);
  for (int64_t o = 0; o < out_channels; ++o) {
    read_row(a.w, o, row.data());
    const int64_t first = o / out_group * in_group;
    for (int64_t t = 0; t < a.out_frames; ++t) {
      double sum = 0;
      for (int64_t j = 0; j < a.taps; ++j) {
        const int64_t frame = t * a.stride + j * a.dilation - a.pad_left;
        if (frame < 0 || frame >= a.frames) continue;
        const float* x = frames.data() + frame * a.in_channels + first;
        for (int64_t i = 0; i < in_group; ++i) sum += static_cast<double>(x[i]) * row[j * in_group + i];
      }
      a.y[t * out_channels + o] = epilogue_of(a.epilogue, t, o, out_channels, sum);
    }
  }
}

void conv_transpose1d(Queue&, const ConvTranspose1dArgs& a) {
  const std::vector<float> frames = entering(a, a.rounding);
  std::vector<float> row(a.w.cols);
  for (int64_t n = 0; n < a.stride * a.out_channels; ++n) {
    read_row(a.w, n, row.data());
    const int64_t r = n / a.out_channels, o = n % a.out_channels;
    for (int64_t q = 0; q < a.frames + a.taps_per_phase - 1; ++q) {
      const int64_t t = q * a.stride + r - a.crop_left;
      if (t < 0 || t >= a.out_frames) continue;
      double sum = a.bias ? a.bias[o] : 0;
      for (int64_t m = 0; m < a.taps_per_phase; ++m) {
        const int64_t frame = q - (a.taps_per_phase - 1) + m;
        if (frame < 0 || frame >= a.frames) continue;
        const float* x = frames.data() + frame * a.in_channels;
        for (int64_t i = 0; i < a.in_channels; ++i) sum += static_cast<double>(x[i]) * row[m * a.in_channels + i];
      }
      a.y[t * a.out_channels + o] = static_cast<float>(sum);
    }
  }
  // Frames past the end of the full convolution (output padding) have no inputs at all.
  const int64_t full = (a.frames + a.taps_per_phase - 1) * a.stride;
  for (int64_t t = full > a.crop_left ? full - a.crop_left : 0; t < a.out_frames; ++t)
    for (int64_t o = 0; o < a.out_channels; ++o) a.y[t * a.out_channels + o] = a.bias ? a.bias[o] : 0.0f;
}

void depthwise_conv1d(Queue&, const DepthwiseConv1dArgs& a) {
  for (int64_t t = 0; t < a.out_frames; ++t) {
    for (int64_t c = 0; c < a.channels; ++c) {
      double sum = a.bias ? a.bias[c] : 0;
      for (int64_t j = 0; j < a.taps; ++j) {
        const int64_t frame = t + j - a.pad_left;
        if (frame < 0 || frame >= a.frames) continue;
        sum += static_cast<double>(a.x[frame * a.channels + c]) * a.w[j * a.channels + c];
      }
      a.y[t * a.channels + c] = static_cast<float>(sum);
    }
  }
}

}  // namespace gpa::reference
