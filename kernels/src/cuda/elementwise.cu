#include "cuda/launch.cuh"
#include "cuda/math.cuh"
#include "cuda/ops.h"
#include "cuda/vector.cuh"

namespace gpa::cuda {
namespace {

constexpr int kThreads = 256;

template <bool kWhole>
__global__ void __launch_bounds__(kThreads) activate_kernel(ActivateArgs a, int64_t total) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= total) return;
  const int64_t left = a.count - i * 4;
  const float4 x = load_4<kWhole>(a.x + i * 4, left);
  store_4<kWhole>(a.y + i * 4, left,
                  make_float4(activated(a.activation, x.x), activated(a.activation, x.y), activated(a.activation, x.z), activated(a.activation, x.w)));
}

template <bool kWhole>
__global__ void __launch_bounds__(kThreads) affine_kernel(AffineArgs a, int64_t groups, int64_t total) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= total) return;
  const Place at = place_of(i, groups);
  const int64_t left = a.cols - at.col, offset = at.row * a.cols + at.col;
  float4 y = load_4<kWhole>(a.x + offset, left);
  if (a.scale) {
    const float4 s = load_4<kWhole>(a.scale + at.col, left);
    y = make_float4(y.x * s.x, y.y * s.y, y.z * s.z, y.w * s.w);
  }
  if (a.shift) {
    const float4 s = load_4<kWhole>(a.shift + at.col, left);
    y = make_float4(y.x + s.x, y.y + s.y, y.z + s.z, y.w + s.w);
  }
  if (a.add) {
    const float4 s = load_4<kWhole>(a.add + offset, left);
    y = make_float4(y.x + s.x, y.y + s.y, y.z + s.z, y.w + s.w);
  }
  store_4<kWhole>(a.y + offset, left, y);
}

// One thread for each group of four columns.
template <class Args>
void launch_groups(CudaQueue& queue, bool whole, void (*whole_kernel)(Args, int64_t, int64_t), void (*any_kernel)(Args, int64_t, int64_t),
                   const Args& a) {
  const int64_t groups = divide_up(a.cols, 4), total = a.rows * groups;
  launch(queue, whole && a.cols % 4 == 0 ? whole_kernel : any_kernel, static_cast<unsigned>(divide_up(total, kThreads)), kThreads, 0, a, groups,
         total);
}

}  // namespace

void activate(Queue& queue, const ActivateArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  ActivateArgs a = args;
  a.x = q.operand(a.x);
  const int64_t total = divide_up(a.count, 4);
  const bool whole = a.count % 4 == 0 && aligned_16(a.x) && aligned_16(a.y);
  launch(q, whole ? activate_kernel<true> : activate_kernel<false>, static_cast<unsigned>(divide_up(total, kThreads)), kThreads, 0, a, total);
}

void affine(Queue& queue, const AffineArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  AffineArgs a = args;
  a.x = q.operand(a.x);
  a.scale = q.operand(a.scale);
  a.shift = q.operand(a.shift);
  a.add = q.operand(a.add);
  const bool whole = aligned_16(a.x) && aligned_16(a.scale) && aligned_16(a.shift) && aligned_16(a.add) && aligned_16(a.y);
  launch_groups(q, whole, affine_kernel<true>, affine_kernel<false>, a);
}

}  // namespace gpa::cuda
