#include "cuda/launch.cuh"
#include "cuda/math.cuh"
#include "cuda/ops.h"
#include "cuda/rms.cuh"

namespace gpa::cuda {
namespace {

constexpr int kBlockThreads = 256;
constexpr int kRowsOfBlock = 4;  // where a warp takes a row
constexpr int kKept = 4;         // groups of four that a thread keeps in registers; it reads those behind them again
constexpr int64_t kWarpColumns = 32 * 4 * kKept;

// A thread's share of a row: groups thread, thread + kThreads, ... of four columns. Which columns, and hence the order of a sum,
// does not depend on how they are loaded.
template <bool kWhole, int kThreads>
struct Share {
  const float* x;
  int64_t cols, thread;
  float4 kept[kKept];

  __device__ void load() {
#pragma unroll
    for (int k = 0; k < kKept; ++k)
      if (column(k) < cols) kept[k] = load_4<kWhole>(x + column(k), cols - column(k));
  }
  __device__ int64_t column(int64_t k) const { return (thread + k * kThreads) * 4; }

  // f(column, values) for each group.
  template <class Function>
  __device__ void each(Function f) const {
#pragma unroll
    for (int k = 0; k < kKept; ++k)
      if (column(k) < cols) f(column(k), kept[k]);
    for (int64_t k = kKept; column(k) < cols; ++k) f(column(k), load_4<kWhole>(x + column(k), cols - column(k)));
  }

  // The sum over the row's columns of f(value).
  template <class Function>
  __device__ float sum(float* partial, Function f) const {
    float s = 0;
    each([&](int64_t c, float4 v) {
      s += f(v.x);
      if (kWhole || c + 1 < cols) s += f(v.y);
      if (kWhole || c + 2 < cols) s += f(v.z);
      if (kWhole || c + 3 < cols) s += f(v.w);
    });
    return kThreads == 32 ? warp_sum(s) : block_sum(s, partial);
  }
};

template <int kThreads>
__device__ __forceinline__ int64_t row_of_thread() {
  return kThreads == 32 ? static_cast<int64_t>(blockIdx.x) * kRowsOfBlock + threadIdx.x / 32 : blockIdx.x;
}

// A warp takes a row.
template <bool kWhole>
__global__ void __launch_bounds__(32 * kRowsOfBlock) rms_norm_kernel(RmsNormArgs a) {
  const int64_t r = row_of_thread<32>();
  if (r >= a.rows) return;
  const float* x = a.x + r * a.cols;
  const float inverse = inverse_rms(x, static_cast<int>(a.cols), a.eps);
  for (int64_t c = 4 * (threadIdx.x % 32); c < a.cols; c += 128) {
    const int64_t left = a.cols - c;
    const float4 v = load_4<kWhole>(x + c, left), w = load_4<kWhole>(a.w + c, left);
    store_4<kWhole>(a.y + r * a.cols + c, left,
                    make_float4(normed(v.x, inverse, w.x), normed(v.y, inverse, w.y), normed(v.z, inverse, w.z), normed(v.w, inverse, w.w)));
  }
}

template <bool kWhole, int kThreads>
__global__ void __launch_bounds__(kThreads == 32 ? 32 * kRowsOfBlock : kThreads) layer_norm_kernel(LayerNormArgs a) {
  __shared__ float partial[32];
  const int64_t r = row_of_thread<kThreads>();
  if (r >= a.rows) return;  // a whole warp
  Share<kWhole, kThreads> share{a.x + r * a.cols, a.cols, static_cast<int64_t>(threadIdx.x % kThreads), {}};
  share.load();
  const float count = static_cast<float>(a.cols);
  const float mean = share.sum(partial, [](float x) { return x; }) / count;
  const float variance = share.sum(partial, [mean](float x) { return (x - mean) * (x - mean); }) / count;
  const float inverse = 1.0f / sqrtf(variance + a.eps);
  share.each([&](int64_t c, float4 x) {
    const int64_t left = a.cols - c;
    float4 y = make_float4((x.x - mean) * inverse, (x.y - mean) * inverse, (x.z - mean) * inverse, (x.w - mean) * inverse);
    if (a.scale) {
      const float4 s = load_4<kWhole>(a.scale + c, left);
      y = make_float4(y.x * s.x, y.y * s.y, y.z * s.z, y.w * s.w);
    }
    if (a.shift) {
      const float4 s = load_4<kWhole>(a.shift + c, left);
      y = make_float4(y.x + s.x, y.y + s.y, y.z + s.z, y.w + s.w);
    }
    store_4<kWhole>(a.y + r * a.cols + c, left, y);
  });
}

template <bool kWhole>
void launch_layer_norm(CudaQueue& queue, const LayerNormArgs& a) {
  if (a.cols <= kWarpColumns) {
    launch(queue, layer_norm_kernel<kWhole, 32>, static_cast<unsigned>(divide_up(a.rows, kRowsOfBlock)), 32 * kRowsOfBlock, 0, a);
  } else {
    launch(queue, layer_norm_kernel<kWhole, kBlockThreads>, static_cast<unsigned>(a.rows), kBlockThreads, 0, a);
  }
}

}  // namespace

void rms_norm(Queue& queue, const RmsNormArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  RmsNormArgs a = args;
  a.x = q.operand(a.x);
  a.w = q.operand(a.w);
  const bool whole = a.cols % 4 == 0 && aligned_16(a.x) && aligned_16(a.w) && aligned_16(a.y);
  launch(q, whole ? rms_norm_kernel<true> : rms_norm_kernel<false>, static_cast<unsigned>(divide_up(a.rows, kRowsOfBlock)), 32 * kRowsOfBlock, 0, a);
}

void layer_norm(Queue& queue, const LayerNormArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  LayerNormArgs a = args;
  a.x = q.operand(a.x);
  a.scale = q.operand(a.scale);
  a.shift = q.operand(a.shift);
  if (a.cols % 4 == 0 && aligned_16(a.x) && aligned_16(a.scale) && aligned_16(a.shift) && aligned_16(a.y)) {
    launch_layer_norm<true>(q, a);
  } else {
    launch_layer_norm<false>(q, a);
  }
}

}  // namespace gpa::cuda
