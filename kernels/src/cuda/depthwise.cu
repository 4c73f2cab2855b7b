#include "cuda/launch.cuh"
#include "cuda/math.cuh"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kFrames = 8;  // of a thread: each weight is loaded once for all of them

// Frames outside x count as zeros and are multiplied like others: given or implied, they leave the same bits.
__global__ void __launch_bounds__(kThreads) depthwise_conv1d_kernel(DepthwiseConv1dArgs a, int64_t channel_blocks) {
  const int64_t c = blockIdx.x % channel_blocks * kThreads + threadIdx.x;
  const int64_t first = blockIdx.x / channel_blocks * kFrames;
  if (c >= a.channels) return;
  float sums[kFrames];
  for (int i = 0; i < kFrames; ++i) sums[i] = a.bias ? a.bias[c] : 0.0f;
  for (int64_t j = 0; j < a.taps; ++j) {
    const float w = a.w[j * a.channels + c];
#pragma unroll
    for (int i = 0; i < kFrames; ++i) {
      const int64_t frame = first + i + j - a.pad_left;
      sums[i] = fmaf(frame >= 0 && frame < a.frames ? a.x[frame * a.channels + c] : 0.0f, w, sums[i]);
    }
  }
  for (int i = 0; i < kFrames && first + i < a.out_frames; ++i) a.y[(first + i) * a.channels + c] = sums[i];
}

}  // namespace

void depthwise_conv1d(Queue& queue, const DepthwiseConv1dArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  DepthwiseConv1dArgs a = args;
  a.x = q.operand(a.x);
  a.w = q.operand(a.w);
  a.bias = q.operand(a.bias);
  const int64_t channel_blocks = divide_up(a.channels, kThreads), frame_blocks = divide_up(a.out_frames, kFrames);
  launch(q, depthwise_conv1d_kernel, static_cast<unsigned>(channel_blocks * frame_blocks), kThreads, 0, a, channel_blocks);
}

}  // namespace gpa::cuda
