#include "cuda/exact_few.cuh"

#include "cuda/exact_launch.h"

namespace gpa::cuda {
namespace {

template <DType type, int kM, int kN, bool kOwn>
void launch_few(CudaQueue& queue, Products& p) {
  using K = FewKernel<type, kM, kN>;
  launch_when(true, queue, exact_few_kernel<type, kM, kN, kOwn>, cut_tiles(p, K::kRows, K::kColumns), kThreads,
              K::kSharedBytes + (kOwn ? OwnParts::bytes(p.rows, p.depth) : 0), p);
}

}  // namespace

void multiply_exact_few(CudaQueue& queue, Products& p, DType type) {
  const bool own = plain_rows(p) && p.rows <= OwnParts::kMost && OwnParts::bytes(p.rows, p.depth) <= size_t{kMostOwnBytes};
  with_type(type, [&]<DType kType>() { own ? launch_few<kType, 1, 1, true>(queue, p) : launch_few<kType, 1, 1, false>(queue, p); });
}
void multiply_exact_some(CudaQueue& queue, Products& p, DType type) {
  with_type(type, [&]<DType kType>() { launch_few<kType, 2, 4, false>(queue, p); });
}

}  // namespace gpa::cuda
