#include <algorithm>

#include "cuda/multiply.h"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

Products product_of(const CudaQueue& queue, const LinearArgs& a) {
  Products p{};
  p.x = a.x;
  p.frames = p.rows = a.rows;
  p.channels = p.run = p.depth = static_cast<int>(a.w.cols);
  p.taps = p.stride = p.dilation = p.groups = 1;
  p.prologue = a.prologue;
  p.prologue.norm = queue.operand(a.prologue.norm);
  p.prologue.snake = queue.operand(a.prologue.snake);
  return p;
}

void add_map(const CudaQueue& queue, const LinearArgs& a, Products& p) {
  Map& map = p.map[p.maps++];
  map = map_of(queue, a.w, 1, a.epilogue, a.y);
  map.y_size = a.rows * a.w.rows;
}

}  // namespace

// Maps of one type of weights go together; a mix (a value projection of more bits, say) takes a launch for each type.
void linears(Queue& queue, const LinearArgs* maps, int64_t count) {
  CudaQueue& q = cuda_queue(queue);
  for (int64_t first = 0; first < count; ++first) {
    const DType type = maps[first].w.type;
    if (std::any_of(maps, maps + first, [&](const LinearArgs& a) { return a.w.type == type; })) continue;
    Products p = product_of(q, maps[first]);
    for (int64_t i = first; i < count; ++i) {
      if (maps[i].w.type != type) continue;
      add_map(q, maps[i], p);
      if (p.maps < kMostMaps) continue;
      multiply(q, p, type, maps[first].rounding);
      p.maps = 0;
    }
    if (p.maps > 0) multiply(q, p, type, maps[first].rounding);
  }
}

}  // namespace gpa::cuda
