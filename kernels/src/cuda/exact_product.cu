#include "cuda/exact_product.cuh"
#include "cuda/launch.cuh"
#include "cuda/multiply.h"

namespace gpa::cuda {
namespace {

template <DType type>
void multiply_type(CudaQueue& queue, Products& p) {
  if (plain_rows(p) && p.rows <= kFewRows)
    launch_when(true, queue, exact_few_kernel<type>, cut_tiles(p, kFewRows, kFewColumns), kThreads, kFewShared<type>, p);
  else
    launch(queue, exact_tile_kernel<type>, cut_tiles(p, kTileRows, kTileColumns), kThreads, kExactShared, p);
}

}  // namespace

void multiply_exact(CudaQueue& queue, Products& p, DType type) {
  with_type(type, [&]<DType kType>() { multiply_type<kType>(queue, p); });
}

}  // namespace gpa::cuda
