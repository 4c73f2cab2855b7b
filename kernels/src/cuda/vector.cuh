// Four neighbouring floats of a row, loaded and stored at once where their address allows it.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>

namespace gpa::cuda {

__host__ __device__ inline bool aligned_16(const void* address) { return reinterpret_cast<uintptr_t>(address) % 16 == 0; }

// x[0 ... 3]; zeros in place of elements from `count` on. kWhole: all four are there, at a 16-byte aligned address.
template <bool kWhole>
__device__ __forceinline__ float4 load_4(const float* x, int64_t count) {
  if constexpr (kWhole) return *reinterpret_cast<const float4*>(x);
  return make_float4(x[0], count > 1 ? x[1] : 0.0f, count > 2 ? x[2] : 0.0f, count > 3 ? x[3] : 0.0f);
}

template <bool kWhole>
__device__ __forceinline__ void store_4(float* y, int64_t count, float4 v) {
  if constexpr (kWhole) {
    *reinterpret_cast<float4*>(y) = v;
    return;
  }
  y[0] = v.x;
  if (count > 1) y[1] = v.y;
  if (count > 2) y[2] = v.z;
  if (count > 3) y[3] = v.w;
}

// Where the i-th group of four of a matrix stands whose rows have `groups` of them.
struct Place {
  int64_t row, col;
};
__device__ __forceinline__ Place place_of(int64_t i, int64_t groups) {
  int64_t row;
  if ((i | groups) >> 32 == 0) {
    row = static_cast<uint32_t>(i) / static_cast<uint32_t>(groups);
  } else {
    row = i / groups;
  }
  return {row, (i - row * groups) * 4};
}

}  // namespace gpa::cuda
