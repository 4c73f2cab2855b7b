#include "cuda/exact_product.cuh"
#include "cuda/launch.cuh"
#include "cuda/multiply.h"

namespace gpa::cuda {
namespace {

template <DType type>
void multiply_type(CudaQueue& queue, Products& p) {
  if (plain_rows(p) && p.rows <= kFewRows)
    launch(queue, exact_few_kernel<type>, cut_tiles(p, kFewRows, kFewColumns), kThreads, 0, p);
  else
    launch(queue, exact_tile_kernel<type>, cut_tiles(p, kTileRows, kTileColumns), kThreads, kExactShared, p);
}

}  // namespace

void multiply_exact(CudaQueue& queue, Products& p, DType type) {
  switch (type) {
    case DType::kF32: return multiply_type<DType::kF32>(queue, p);
    case DType::kF16: return multiply_type<DType::kF16>(queue, p);
    case DType::kBF16: return multiply_type<DType::kBF16>(queue, p);
    case DType::kQ4_0: return multiply_type<DType::kQ4_0>(queue, p);
    case DType::kQ8_0: return multiply_type<DType::kQ8_0>(queue, p);
    case DType::kIQ4_NL: return multiply_type<DType::kIQ4_NL>(queue, p);
    case DType::kQ4_K: return multiply_type<DType::kQ4_K>(queue, p);
    case DType::kQ5_K: return multiply_type<DType::kQ5_K>(queue, p);
    case DType::kQ6_K: return multiply_type<DType::kQ6_K>(queue, p);
    default: return;
  }
}

}  // namespace gpa::cuda
