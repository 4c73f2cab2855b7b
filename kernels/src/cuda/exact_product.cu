// Which kernel makes an exact product. All of them give it the same bits.
#include "cuda/exact_launch.h"

namespace gpa::cuda {

// Tiles share the most work, once there are enough of them to keep the processors busy; a few columns would leave them empty.
void multiply_exact(CudaQueue& queue, Products& p, DType type) {
  const auto tiles = [&](int rows) { return static_cast<int>(cut_tiles(p, rows, kTileColumns)); };
  const int processors = queue.device().processors();
  const bool narrow = p.maps == 1 && p.groups == 1 && p.map[0].columns <= 8;
  if (p.rows <= 16 || narrow) return multiply_exact_few(queue, p, type);
  if (p.in_fours && tiles(tile_rows(2)) >= 2 * processors) return multiply_exact_tiles<2>(queue, p, type);
  if (p.in_fours && tiles(tile_rows(1)) * 2 >= processors) return multiply_exact_tiles<1>(queue, p, type);
  multiply_exact_some(queue, p, type);
}

}  // namespace gpa::cuda
