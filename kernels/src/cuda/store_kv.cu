#include <cuda_fp16.h>

#include "cuda/launch.cuh"
#include "cuda/math.cuh"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

constexpr int kThreads = 128;

__device__ __forceinline__ void store(float* to, float value) { *to = value; }
__device__ __forceinline__ void store(__half* to, float value) { *to = __float2half_rn(value); }

__device__ __forceinline__ void store_two(float* to, float2 v) { *reinterpret_cast<float2*>(to) = v; }
__device__ __forceinline__ void store_two(__half* to, float2 v) { *reinterpret_cast<__half2*>(to) = __floats2half2_rn(v.x, v.y); }

template <class T>
__device__ __forceinline__ void store_row(const float* from, int64_t width, T* to) {
  const bool pairs = width % 2 == 0 && reinterpret_cast<uintptr_t>(from) % 8 == 0 && reinterpret_cast<uintptr_t>(to) % (2 * sizeof(T)) == 0;
  if (pairs) {
    for (int64_t i = threadIdx.x * 2; i < width; i += kThreads * 2) store_two(to + i, *reinterpret_cast<const float2*>(from + i));
  } else {
    for (int64_t i = threadIdx.x; i < width; i += kThreads) store(to + i, from[i]);
  }
}

// Blocks 2r and 2r + 1 store row r of the keys and of the values.
template <class T>
__global__ void __launch_bounds__(kThreads) store_kv_kernel(StoreKvArgs a) {
  const int64_t r = blockIdx.x / 2;
  T* slot = static_cast<T*>(a.slots[r]);
  if (blockIdx.x % 2 == 0) {
    store_row(a.k + r * a.width, a.width, slot + a.k_offset);
  } else {
    store_row(a.v + r * a.width, a.width, slot + a.v_offset);
  }
}

}  // namespace

void store_kv(Queue& queue, const StoreKvArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  StoreKvArgs a = args;
  a.k = q.operand(a.k);
  a.v = q.operand(a.v);
  a.slots = q.operand(a.slots);
  launch(q, a.kv_type == DType::kF16 ? store_kv_kernel<__half> : store_kv_kernel<float>, static_cast<unsigned>(2 * a.rows), kThreads, 0, a);
}

}  // namespace gpa::cuda
