// Activations rounded to int8 in blocks of 32 columns (Rounding::kInt8), by four lanes a block.
#pragma once
#include "cuda/block_levels.cuh"
#include "cuda/math.cuh"
#include "rounding.h"

namespace gpa::cuda {

// What the four lanes of one block know: eight levels each, and the block's factors.
struct RoundedEight {
  EightLevels levels;
  float2 factors;  // the scale, and the scale times the sum of all 32 levels
};

__device__ inline uint32_t pack_levels(const float* x, float inverse) {
  uint32_t word = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i) word |= (static_cast<uint32_t>(__float2int_rn(x[i] * inverse)) & 255u) << 8 * i;
  return word;
}

// Lane t of each four gives columns 8t ... 8t + 7. The whole warp must call. As bits, absolute values are ordered like integers, with
// infinity and NaN above all: one maximum finds the largest and whatever is not finite.
__device__ inline RoundedEight round_eight(const float (&x)[8]) {
  uint32_t most = 0;
#pragma unroll
  for (int i = 0; i < 8; ++i) most = max(most, __float_as_uint(x[i]) & 0x7fffffffu);
  most = max(most, __shfl_xor_sync(kAllLanes, most, 1));
  most = max(most, __shfl_xor_sync(kAllLanes, most, 2));
  const float largest = __uint_as_float(most);
  const bool finite = most < 0x7f800000u, counts = finite && largest >= kLeastRounded;
  const float inverse = counts ? 127.0f / largest : 0.0f;
  RoundedEight out{};
  if (counts) out.levels = {pack_levels(x, inverse), pack_levels(x + 4, inverse)};
  int sum = __dp4a(static_cast<int>(out.levels.low), 0x01010101, __dp4a(static_cast<int>(out.levels.high), 0x01010101, 0));
  sum += __shfl_xor_sync(kAllLanes, sum, 1);
  sum += __shfl_xor_sync(kAllLanes, sum, 2);
  const float scale = counts ? largest / 127.0f : finite ? 0.0f : __uint_as_float(0x7fc00000u);
  out.factors = make_float2(scale, scale * static_cast<float>(sum));
  return out;
}

// x[0 ... 7] from eight floats, in two loads where they are aligned to 16 bytes.
__device__ inline void load_eight(const float* from, bool aligned, float (&x)[8]) {
  if (aligned) {
    const float4 low = reinterpret_cast<const float4*>(from)[0], high = reinterpret_cast<const float4*>(from)[1];
    x[0] = low.x, x[1] = low.y, x[2] = low.z, x[3] = low.w;
    x[4] = high.x, x[5] = high.y, x[6] = high.z, x[7] = high.w;
  } else {
#pragma unroll
    for (int i = 0; i < 8; ++i) x[i] = from[i];
  }
}

// Rounded frames as they lie in scratch: eight frames together, so that a warp's fragment is 256 bytes in one piece. With
// tile = frame / 8 and per_frame = channels / 32, block b of frame f has its levels at [tile, b, f % 8, 32], factors at [tile, b, f % 8].
struct RoundedFrames {
  uint8_t* levels;
  float2* factors;
  int per_frame;

  __host__ __device__ int64_t block(int64_t frame, int b) const { return (frame / 8 * per_frame + b) * 8 + frame % 8; }
  static int64_t level_bytes(int64_t frames, int64_t channels) { return (frames + 7) / 8 * 8 * channels; }
  static int64_t bytes(int64_t frames, int64_t channels) {
    return level_bytes(frames, channels) + (frames + 7) / 8 * 8 * (channels / kLevelBlock) * static_cast<int64_t>(sizeof(float2));
  }
};

}  // namespace gpa::cuda
