// Convolutions as products that read their frames where they lie.
#include <algorithm>

#include "cuda/launch.cuh"
#include "cuda/multiply.h"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

constexpr int kFillThreads = 256;

// y[t, o] = bias[o], or 0, for count elements from y on.
__global__ void fill_bias_kernel(const float* bias, int channels, int64_t count, float* y) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kFillThreads + threadIdx.x;
  if (i < count) y[i] = bias ? bias[i % channels] : 0.0f;
}

}  // namespace

void conv1d(Queue& queue, const Conv1dArgs& a) {
  CudaQueue& q = cuda_queue(queue);
  Products p{};
  p.x = a.x;
  p.frames = a.frames;
  p.channels = static_cast<int>(a.in_channels);
  p.run = static_cast<int>(a.in_channels / a.groups);
  p.taps = static_cast<int>(a.taps);
  p.stride = static_cast<int>(a.stride);
  p.dilation = static_cast<int>(a.dilation);
  p.pad_left = static_cast<int>(a.pad_left);
  p.groups = static_cast<int>(a.groups);
  p.rows = a.out_frames;
  p.depth = static_cast<int>(a.w.cols);
  p.prologue.snake = q.operand(a.snake);
  p.maps = 1;
  p.map[0] = map_of(q, a.w, a.groups, a.epilogue, a.y);
  p.map[0].y_size = a.out_frames * a.w.rows;
  multiply(q, p, a.w.type, a.rounding);
}

// The full output's frames stride * q ... stride * q + stride - 1 are row q of one product; cropping moves its start.
void conv_transpose1d(Queue& queue, const ConvTranspose1dArgs& a) {
  CudaQueue& q = cuda_queue(queue);
  const int64_t all = a.frames + a.taps_per_phase - 1;
  const int64_t computed = std::max<int64_t>(0, std::min(a.out_frames, all * a.stride - a.crop_left));
  const int64_t first = a.crop_left / a.stride;  // earlier rows are cropped away
  Products p{};
  p.x = a.x;
  p.frames = a.frames;
  p.channels = p.run = static_cast<int>(a.in_channels);
  p.taps = static_cast<int>(a.taps_per_phase);
  p.stride = p.dilation = p.groups = 1;
  p.pad_left = static_cast<int>(a.taps_per_phase - 1 - first);
  p.rows = computed > 0 ? (a.crop_left + computed + a.stride - 1) / a.stride - first : 0;
  p.depth = static_cast<int>(a.w.cols);
  p.prologue.snake = q.operand(a.snake);
  p.maps = 1;
  p.map[0] = map_of(q, a.w, 1, {.bias = a.bias}, a.y);
  p.map[0].bias_period = static_cast<int>(a.out_channels);
  p.map[0].y_row = a.stride * a.out_channels;
  p.map[0].y_size = computed * a.out_channels;
  p.map[0].crop = a.crop_left % a.stride * a.out_channels;
  multiply(q, p, a.w.type, a.rounding);

  const int64_t rest = (a.out_frames - computed) * a.out_channels;
  launch(q, fill_bias_kernel, static_cast<unsigned>((rest + kFillThreads - 1) / kFillThreads), kFillThreads, 0, p.map[0].epilogue.bias,
         static_cast<int>(a.out_channels), rest, a.y + computed * a.out_channels);
}

}  // namespace gpa::cuda
