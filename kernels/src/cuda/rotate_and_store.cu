#include <cuda_fp16.h>

#include <cmath>

#include "cuda/launch.cuh"
#include "cuda/ops.h"
#include "cuda/rms.cuh"

namespace gpa::cuda {
namespace {

constexpr int kWarps = 4;
constexpr int kKeptPairs = 128;

// Frequency and angle are rounded to f32 as Hugging Face's code does.
__host__ __device__ inline float frequency(float theta, int64_t head_dim, int64_t pair) {
  const float exponent = static_cast<float>(2 * pair) / static_cast<float>(head_dim);
  return 1.0f / static_cast<float>(pow(static_cast<double>(theta), static_cast<double>(exponent)));
}

// The first pairs' travel with the launch; heads that have more are right, not fast.
struct Frequencies {
  float of_pair[kKeptPairs];
};

// A model asks for the same ones at every layer and step.
const Frequencies& kept_frequencies(float theta, int64_t head_dim) {
  struct Kept {
    float theta = 0;
    int64_t head_dim = 0;
    Frequencies values;
  };
  thread_local Kept kept;
  if (kept.theta != theta || kept.head_dim != head_dim) {
    kept.theta = theta;
    kept.head_dim = head_dim;
    for (int64_t i = 0; i < kKeptPairs; ++i) kept.values.of_pair[i] = i < head_dim / 2 ? frequency(theta, head_dim, i) : 0.0f;
  }
  return kept.values;
}

__device__ __forceinline__ void store(float* to, float value) { *to = value; }
__device__ __forceinline__ void store(__half* to, float value) { *to = __float2half_rn(value); }

// to = rotated(normed(x)), by a warp; x and to may be equal.
template <class T>
__device__ void enter_head(const RotateAndStoreArgs& a, const Frequencies& frequencies, float position, const float* x, const float* norm, T* to) {
  const int half = static_cast<int>(a.head_dim / 2);
  const float inverse = norm ? inverse_rms(x, static_cast<int>(a.head_dim), a.eps) : 1.0f;
  for (int i = static_cast<int>(threadIdx.x % 32); i < half; i += 32) {
    float first = x[i], second = x[i + half], sine, cosine;
    if (norm) {
      first = normed(first, inverse, norm[i]);
      second = normed(second, inverse, norm[i + half]);
    }
    sincosf(__fmul_rn(position, i < kKeptPairs ? frequencies.of_pair[i] : frequency(a.theta, a.head_dim, i)), &sine, &cosine);
    store(to + i, fmaf(first, cosine, -(second * sine)));
    store(to + i + half, fmaf(second, cosine, first * sine));
  }
}

// A warp takes one head of one row: of the queries, then of the keys, then of the values. Sines are found again for each head, which
// costs less than to wait for another warp's. Grid: rows, handfuls of heads.
template <class T>
__global__ void __launch_bounds__(32 * kWarps) rotate_and_store_kernel(const RotateAndStoreArgs a, const Frequencies frequencies) {
  let_next_begin();
  wait_for_earlier();
  const int64_t row = blockIdx.x, head = static_cast<int64_t>(blockIdx.y) * kWarps + threadIdx.x / 32;
  const auto position = static_cast<float>(a.positions[row]);
  if (head < a.heads) {
    float* q = a.q + (row * a.heads + head) * a.head_dim;
    return enter_head(a, frequencies, position, q, a.q_norm, q);
  }
  const bool is_key = head < a.heads + a.kv_heads;
  const int64_t kv_head = head - a.heads - (is_key ? 0 : a.kv_heads);
  if (kv_head >= a.kv_heads) return;
  const float* x = (is_key ? a.k : a.v) + (row * a.kv_heads + kv_head) * a.head_dim;
  T* slot = static_cast<T*>(a.slots[row]) + (is_key ? a.k_offset : a.v_offset) + kv_head * a.head_dim;
  if (is_key) return enter_head(a, frequencies, position, x, a.k_norm, slot);
  for (int64_t i = threadIdx.x % 32; i < a.head_dim; i += 32) store(slot + i, x[i]);
}

}  // namespace

void rotate_and_store(Queue& queue, const RotateAndStoreArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  RotateAndStoreArgs a = args;
  a.q_norm = q.operand(a.q_norm);
  a.k_norm = q.operand(a.k_norm);
  a.positions = q.operand(a.positions);
  a.slots = q.operand(a.slots);
  const dim3 grid(static_cast<unsigned>(a.rows), static_cast<unsigned>(divide_up(a.heads + 2 * a.kv_heads, kWarps)));
  launch_when(true, q, a.kv_type == DType::kF16 ? rotate_and_store_kernel<__half> : rotate_and_store_kernel<float>, grid, 32 * kWarps, 0, a,
              kept_frequencies(a.theta, a.head_dim));
}

}  // namespace gpa::cuda
