#include "cuda/prologue.cuh"

#include "cuda/launch.cuh"
#include "cuda/multiply.h"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

// y [frames, channels]: gated, or through Snake. One thread for each group of four columns.
template <bool kWhole>
__global__ void __launch_bounds__(kThreads) entered_kernel(const Products p, float* y, int64_t groups) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= p.frames * groups) return;
  const Place at = place_of(i, groups);
  const Prologue& prologue = p.prologue;
  const int64_t left = p.channels - at.col, from = at.row * prologue.row_stride(p.channels) + at.col;
  const float4 x = load_4<kWhole>(p.x + from, left);
  float4 entered;
  if (prologue.up) {
    const float4 u = load_4<kWhole>(prologue.up + from, left);
    const Activation a = prologue.activation;
    entered = make_float4(gated(a, x.x, u.x), gated(a, x.y, u.y), gated(a, x.z, u.z), gated(a, x.w, u.w));
  } else {
    const float4 alpha = load_4<kWhole>(prologue.snake + at.col, left);
    entered = make_float4(snaked(x.x, alpha.x), snaked(x.y, alpha.y), snaked(x.z, alpha.z), snaked(x.w, alpha.w));
  }
  store_4<kWhole>(y + at.row * p.channels + at.col, left, entered);
}

}  // namespace

Products with_entered_rows(CudaQueue& queue, Products p) {
  if (!p.prologue.set()) return p;
  auto* y = static_cast<float*>(queue.scratch(static_cast<size_t>(p.frames) * static_cast<size_t>(p.channels) * sizeof(float)));
  if (p.prologue.norm) {
    rms_norm(queue, {p.x, p.frames, p.channels, p.prologue.norm, p.prologue.eps, y});
  } else {
    const int64_t groups = divide_up(p.channels, 4);
    launch(queue, p.in_fours ? entered_kernel<true> : entered_kernel<false>, static_cast<unsigned>(divide_up(p.frames * groups, kThreads)), kThreads, 0,
           p, y, groups);
  }
  p.x = y;
  p.prologue = {};
  p.in_fours = (p.channels | p.run) % 4 == 0;
  return p;
}

}  // namespace gpa::cuda
