// Which int8 kernel a product of one type of weights takes. Included by one source file for each type.
#pragma once
#include "cuda/int8_product.cuh"
#include "cuda/launch.cuh"
#include "cuda/multiply.h"
#include "cuda/round_frames.h"

namespace gpa::cuda {

template <DType type, int kM, int kN, int kChunk, int kStages, bool kRounds>
void launch_int8(CudaQueue& queue, Products& p, const RoundedFrames& x) {
  using K = Int8Kernel<type, kM, kN, kChunk, kStages, kRounds>;
  launch_when(true, queue, int8_product_kernel<type, kM, kN, kChunk, kStages, kRounds>, cut_tiles(p, K::kRows, K::kColumns), kThreads,
              K::kSharedBytes + (kRounds ? OwnRows::bytes(p.rows, p.depth) : 0), p, x);
}

// Rounding some rows in each thread block costs less than a launch.
constexpr int64_t kMostOwnRows = 4, kMostOwnLevels = 16 << 10;
static_assert(kMostOwnRows <= kWarps);

// Few rows: eight rows of weights in a thread block, so that small matrices reach every processor; sixteen where there are plenty, as
// what the block does with x is then shared.
inline bool plenty(const CudaQueue& queue, const Products& p) {
  int64_t columns = 0;
  for (int i = 0; i < p.maps; ++i) columns += p.map[i].columns;
  return columns >= 2 * 16 * static_cast<int64_t>(queue.device().processors());
}

template <DType type>
void multiply_int8(CudaQueue& queue, Products& p) {
  const bool wide = plenty(queue, p);
  if (plain_rows(p) && !p.prologue.snake && p.rows <= kMostOwnRows && p.rows * p.depth <= kMostOwnLevels)
    return wide ? launch_int8<type, 1, 2, 16, 3, true>(queue, p, {}) : launch_int8<type, 1, 1, 32, 3, true>(queue, p, {});
  const RoundedFrames x = round_frames(queue, p);
  if (p.rows <= 16) return wide ? launch_int8<type, 1, 2, 16, 3, false>(queue, p, x) : launch_int8<type, 1, 1, 32, 3, false>(queue, p, x);
  if (p.rows <= 64) return launch_int8<type, 4, 2, 16, 3, false>(queue, p, x);
  launch_int8<type, 4, 4, 8, 4, false>(queue, p, x);
}

}  // namespace gpa::cuda
