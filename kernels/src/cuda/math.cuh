// Device functions that several ops share: activations, and sums over a warp or a block in an order that is always the same.
#pragma once
#include <cuda_runtime.h>

#include "gpa/kernels/kernel_table.h"

namespace gpa::cuda {

inline constexpr unsigned kAllLanes = 0xffffffffu;

__device__ __forceinline__ float warp_sum(float value) {
  for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(kAllLanes, value, lanes);
  return value;
}

// Every thread gets the sum. Blocks of whole warps; `partial` is shared memory for 32 floats that nobody else uses.
__device__ __forceinline__ float block_sum(float value, float* partial) {
  value = warp_sum(value);
  const int warps = static_cast<int>(blockDim.x) / 32;
  if (warps == 1) return value;
  __syncthreads();  // readers of an earlier sum
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
  __syncthreads();
  const int lane = static_cast<int>(threadIdx.x) % 32;
  return warp_sum(lane < warps ? partial[lane] : 0.0f);
}

__device__ __forceinline__ float gelu(float x) { return 0.5f * x * erfcf(-x * 0.70710678118654752440f); }
__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + __expf(-x)); }

__device__ __forceinline__ float activated(Activation activation, float x) {
  switch (activation) {
    case Activation::kGelu: return gelu(x);
    case Activation::kRelu: return x < 0 ? 0.0f : x;
    case Activation::kSilu: return x * sigmoid(x);
    case Activation::kSigmoid: return sigmoid(x);
    case Activation::kTanh: return tanhf(x);
    default: return x;
  }
}

// y of column n, which is element i of the result, from its sum.
__device__ __forceinline__ float finished(const Epilogue& epilogue, int64_t i, int64_t n, float sum) {
  if (epilogue.bias) sum += epilogue.bias[n];
  float y = activated(epilogue.activation, sum);
  if (epilogue.gamma) y *= epilogue.gamma[n];
  if (epilogue.residual) y += epilogue.residual[i];
  return y;
}

__host__ __device__ constexpr int64_t divide_up(int64_t value, int64_t by) { return (value + by - 1) / by; }

}  // namespace gpa::cuda
