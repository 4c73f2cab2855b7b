#include "cuda/prologue.cuh"

#include "cuda/launch.cuh"
#include "cuda/multiply.h"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

// y [rows, depth]: the gate x times up. One thread for each group of four columns.
template <bool kWhole>
__global__ void __launch_bounds__(kThreads) gated_kernel(const Products p, float* y, int64_t groups) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= p.rows * groups) return;
  const Place at = place_of(i, groups);
  const Prologue& prologue = p.prologue;
  const int64_t left = p.depth - at.col, from = at.row * prologue.row_stride(p.depth) + at.col;
  const float4 g = load_4<kWhole>(p.x + from, left), u = load_4<kWhole>(prologue.up + from, left);
  const Activation a = prologue.activation;
  store_4<kWhole>(y + at.row * p.depth + at.col, left, make_float4(gated(a, g.x, u.x), gated(a, g.y, u.y), gated(a, g.z, u.z), gated(a, g.w, u.w)));
}

}  // namespace

Products with_entered_rows(CudaQueue& queue, Products p) {
  if (!p.prologue.norm && !p.prologue.up) return p;
  auto* y = static_cast<float*>(queue.scratch(static_cast<size_t>(p.rows) * static_cast<size_t>(p.depth) * sizeof(float)));
  if (p.prologue.norm) {
    rms_norm(queue, {p.x, p.rows, p.depth, p.prologue.norm, p.prologue.eps, y});
  } else {
    const int64_t groups = divide_up(p.depth, 4);
    launch(queue, p.in_fours ? gated_kernel<true> : gated_kernel<false>, static_cast<unsigned>(divide_up(p.rows * groups, kThreads)), kThreads, 0, p,
           y, groups);
  }
  p.x = y;
  p.prologue = {};
  p.in_fours = p.depth % 4 == 0;
  return p;
}

}  // namespace gpa::cuda
