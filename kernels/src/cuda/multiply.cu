#include "cuda/multiply.h"

#include "cuda/vector.cuh"

namespace gpa::cuda {

Map map_of(const CudaQueue& queue, const Weight& w, int64_t groups, const Epilogue& epilogue, float* y) {
  Map map{};
  map.w = reinterpret_cast<const uint8_t*>(queue.operand(static_cast<const char*>(w.data)));
  map.constant = map.w != w.data;
  map.row_bytes = dtype_bytes(w.type, w.cols);
  map.columns = static_cast<int>(w.rows / groups);
  map.epilogue = {queue.operand(epilogue.bias), epilogue.activation, queue.operand(epilogue.gamma), queue.operand(epilogue.residual)};
  map.y = y;
  map.y_row = w.rows;
  return map;
}

unsigned cut_tiles(Products& p, int tile_rows, int tile_columns) {
  p.row_tiles = static_cast<int>((p.rows + tile_rows - 1) / tile_rows);
  p.column_tiles = 0;
  for (int i = 0; i < p.maps; ++i) {
    p.map[i].first_tile = p.column_tiles;
    p.group_tiles = (p.map[i].columns + tile_columns - 1) / tile_columns;  // groups come with one map only
    p.column_tiles += p.group_tiles * p.groups;
  }
  return static_cast<unsigned>(p.row_tiles) * static_cast<unsigned>(p.column_tiles);
}

void multiply(CudaQueue& queue, Products p, DType type, Rounding rounding) {
  if (p.rows <= 0) return;
  p.in_fours = aligned_16(p.x) && aligned_16(p.prologue.norm) && aligned_16(p.prologue.up) && aligned_16(p.prologue.snake) &&
               (p.prologue.row_stride(p.channels) | p.channels | p.run) % 4 == 0;
  if (!rounds(rounding, type, p.channels, p.groups)) {
    p = with_entered_rows(queue, p);
    return multiply_exact(queue, p, type);
  }
  switch (type) {
    case DType::kQ4_0: return multiply_int8<DType::kQ4_0>(queue, p);
    case DType::kQ8_0: return multiply_int8<DType::kQ8_0>(queue, p);
    case DType::kIQ4_NL: return multiply_int8<DType::kIQ4_NL>(queue, p);
    case DType::kQ4_K: return multiply_int8<DType::kQ4_K>(queue, p);
    case DType::kQ5_K: return multiply_int8<DType::kQ5_K>(queue, p);
    case DType::kQ6_K: return multiply_int8<DType::kQ6_K>(queue, p);
    default: return;
  }
}

}  // namespace gpa::cuda
