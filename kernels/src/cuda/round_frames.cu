#include "cuda/round_frames.h"

#include "cuda/launch.cuh"

namespace gpa::cuda {
namespace {

constexpr int kThreads = 256;

// A warp rounds one block of 32 columns of eight frames. x [frames, 32 per_frame].
__global__ void __launch_bounds__(kThreads) round_frames_kernel(const float* x, int64_t frames, bool aligned, RoundedFrames to) {
  let_next_begin();
  const int64_t warp = (static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x % 32), t = lane % 4, block = static_cast<int>(warp % to.per_frame);
  const int64_t frame = warp / to.per_frame * 8 + lane / 4;
  float values[8] = {};
  if (frame < frames) load_eight(x + (frame * to.per_frame + block) * kLevelBlock + 8 * t, aligned, values);
  const RoundedEight rounded = round_eight(values);
  if (frame >= frames) return;
  const int64_t at = to.block(frame, block);
  reinterpret_cast<uint2*>(to.levels + at * kLevelBlock)[t] = make_uint2(rounded.levels.low, rounded.levels.high);
  if (t == 0) to.factors[at] = rounded.factors;
}

}  // namespace

RoundedFrames round_frames(CudaQueue& queue, const float* x, int64_t frames, int channels) {
  auto* memory = static_cast<uint8_t*>(queue.scratch(static_cast<size_t>(RoundedFrames::bytes(frames, channels))));
  const RoundedFrames to{memory, reinterpret_cast<float2*>(memory + RoundedFrames::level_bytes(frames, channels)), channels / kLevelBlock};
  const int64_t warps = (frames + 7) / 8 * to.per_frame;
  const auto blocks = static_cast<unsigned>((warps * 32 + kThreads - 1) / kThreads);
  launch(queue, round_frames_kernel, blocks, kThreads, 0, x, frames, reinterpret_cast<uintptr_t>(x) % 16 == 0, to);
  return to;
}

}  // namespace gpa::cuda
