#include "cuda/launch.cuh"
#include "cuda/math.cuh"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

constexpr int kColumns = 32, kParts = 16;

// A block takes 32 columns of a window; its 16 warps share the rows, and their sums are added in order.
__global__ void __launch_bounds__(kColumns* kParts) mean_rows_kernel(MeanRowsArgs a, int64_t column_blocks) {
  __shared__ float sums[kParts][kColumns];
  const int64_t p = blockIdx.x / column_blocks, c = blockIdx.x % column_blocks * kColumns + threadIdx.x;
  const int64_t begin = p * a.window, end = min(begin + a.window, a.rows);
  const int part = static_cast<int>(threadIdx.y);
  float sum = 0;
  if (c < a.cols)
    for (int64_t r = begin + part; r < end; r += kParts) sum += a.x[r * a.cols + c];
  sums[part][threadIdx.x] = sum;
  __syncthreads();
  if (part != 0 || c >= a.cols) return;
  for (int i = 1; i < kParts; ++i) sum += sums[i][threadIdx.x];
  a.y[p * a.cols + c] = sum / static_cast<float>(end - begin);
}

}  // namespace

void mean_rows(Queue& queue, const MeanRowsArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  MeanRowsArgs a = args;
  a.x = q.operand(a.x);
  const int64_t column_blocks = divide_up(a.cols, kColumns), windows = divide_up(a.rows, a.window);
  launch(q, mean_rows_kernel, static_cast<unsigned>(windows * column_blocks), dim3(kColumns, kParts), 0, a, column_blocks);
}

}  // namespace gpa::cuda
