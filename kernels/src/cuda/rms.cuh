// RMS norms of rows and heads, for the ops that have one inside.
#pragma once
#include "cuda/math.cuh"
#include "cuda/vector.cuh"

namespace gpa::cuda {

// 1 / sqrt(mean(x^2) + eps) of a row, by a whole warp; each lane gets it. A lane takes every 32nd group of four columns, and adds
// the squares of each of the four in a chain of its own.
__device__ inline float inverse_rms(const float* x, int cols, float eps) {
  const int first = 4 * static_cast<int>(threadIdx.x % 32);
  float4 sum = make_float4(0, 0, 0, 0);
  const auto add = [&](float4 v) {
    sum = make_float4(fmaf(v.x, v.x, sum.x), fmaf(v.y, v.y, sum.y), fmaf(v.z, v.z, sum.z), fmaf(v.w, v.w, sum.w));
  };
  if (cols % 4 == 0 && aligned_16(x)) {
#pragma unroll 4
    for (int c = first; c < cols; c += 128) add(load_4<true>(x + c, 4));
  } else {
    for (int c = first; c < cols; c += 128) add(load_4<false>(x + c, cols - c));
  }
  const float squares = warp_sum((sum.x + sum.y) + (sum.z + sum.w));
  return 1.0f / sqrtf(squares / static_cast<float>(cols) + eps);
}

__device__ __forceinline__ float normed(float x, float inverse, float w) { return x * inverse * w; }

}  // namespace gpa::cuda
