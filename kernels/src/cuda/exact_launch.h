// The kernels of exact products, one file each.
#pragma once
#include "cuda/multiply.h"

namespace gpa::cuda {

// 16 x 8 and 32 x 32 of C in a thread block, whose warps share K: for plain rows and convolutions alike.
void multiply_exact_few(CudaQueue& queue, Products& p, DType type);
void multiply_exact_some(CudaQueue& queue, Products& p, DType type);
// 64 kM x 96.
constexpr int kTileColumns = 96;
constexpr int tile_rows(int kM) { return 64 * kM; }
template <int kM>
void multiply_exact_tiles(CudaQueue& queue, Products& p, DType type);

}  // namespace gpa::cuda
