#include "cuda/round_frames.h"

#include "cuda/launch.cuh"
#include "cuda/prologue.cuh"

namespace gpa::cuda {
namespace {

constexpr int kTileFrames = 8;

// A warp rounds one block of 32 columns of eight frames. With a norm the warps of a thread block have the same eight: each first
// finds the norm of one.
static_assert(kWarps == kTileFrames);
enum class Entering { kGatedOrNot, kNormed, kSnaked };
template <Entering kEntering>
__global__ void __launch_bounds__(kThreads) round_frames_kernel(const Products p, const RoundedFrames to) {
  __shared__ float inverses[kTileFrames];
  let_next_begin();
  wait_for_earlier();
  const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32), t = lane % 4;
  int64_t tile;
  int block;
  if constexpr (kEntering == Entering::kNormed) {
    const int parts = (to.per_frame + kWarps - 1) / kWarps;
    tile = blockIdx.x / parts;
    block = static_cast<int>(blockIdx.x % parts) * kWarps + warp;
    const int64_t frame = tile * kTileFrames + warp;
    if (frame < p.frames) {
      const float inverse = inverse_rms_of(p, frame);
      if (lane == 0) inverses[warp] = inverse;
    }
    __syncthreads();
    if (block >= to.per_frame) return;  // a whole warp
  } else {
    const int64_t i = static_cast<int64_t>(blockIdx.x) * kWarps + warp;
    tile = i / to.per_frame;
    block = static_cast<int>(i % to.per_frame);
  }
  const int64_t frame = tile * kTileFrames + lane / 4;
  float x[8] = {};
  const int k = block * kLevelBlock + 8 * t;
  if (frame < p.frames) {
    if constexpr (kEntering == Entering::kSnaked)
      load_snaked(p, frame, k, x);
    else
      load_entering(p, frame, k, kEntering == Entering::kNormed ? inverses[lane / 4] : 0.0f, x);
  }
  const RoundedEight rounded = round_eight(x);
  if (frame >= p.frames) return;
  const int64_t at = to.block(frame, block);
  reinterpret_cast<uint2*>(to.levels + at * kLevelBlock)[t] = make_uint2(rounded.levels.low, rounded.levels.high);
  if (t == 0) to.factors[at] = rounded.factors;
}

}  // namespace

RoundedFrames round_frames(CudaQueue& queue, const Products& p) {
  auto* memory = static_cast<uint8_t*>(queue.scratch(static_cast<size_t>(RoundedFrames::bytes(p.frames, p.channels))));
  const RoundedFrames to{memory, reinterpret_cast<float2*>(memory + RoundedFrames::level_bytes(p.frames, p.channels)), p.channels / kLevelBlock};
  const int64_t tiles = divide_up(p.frames, kTileFrames);
  const bool normed = p.prologue.norm != nullptr;
  const auto kernel = normed             ? round_frames_kernel<Entering::kNormed>
                      : p.prologue.snake ? round_frames_kernel<Entering::kSnaked>
                                         : round_frames_kernel<Entering::kGatedOrNot>;
  const int64_t blocks = normed ? tiles * divide_up(to.per_frame, kWarps) : divide_up(tiles * to.per_frame, kWarps);
  launch_when(true, queue, kernel, static_cast<unsigned>(blocks), kThreads, 0, p, to);
  return to;
}

}  // namespace gpa::cuda
