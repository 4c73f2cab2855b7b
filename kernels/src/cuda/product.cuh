// One description of every dense product: linear layers, convolutions, transposed convolutions.
//
// Where a sum begins and ends. The columns of K are cut into blocks of 32. Rounded to int8, a block is one exact integer; warp c of the
// eight of a thread block adds the blocks b = c (mod 8), in their order, and the eight sums are added in the order of c. In exact products
// a block is a fixed sequence of instructions of the tensor core that begins at zero (bf16_parts.cuh), whichever warp makes it; what the
// blocks give is rounded to f32 and added in their order. Every kernel for a type and rounding keeps to it, so a row of y has the same
// bits whichever of them the number of rows picks.
#pragma once
#include <cuda_runtime.h>

#include "cuda/block_levels.cuh"
#include "cuda/math.cuh"

namespace gpa::cuda {

constexpr int kWarps = 8;
constexpr int kThreads = 32 * kWarps;
constexpr int kMostMaps = 4;  // of one launch

// C[t, n] = sum_k A[t, k] w[n, k]. C[t, n] of group `group` is element t * y_row + group * columns + n - crop of y, stored where that
// is in [0, y_size).
struct Map {
  const uint8_t* w;
  int64_t row_bytes;
  bool constant;   // the device adopted w: no kernel writes it, and it can be read before earlier ones have ended
  int columns;     // of a group
  int first_tile;  // the first of its tiles of columns in the launch
  Epilogue epilogue;
  int bias_period;  // where not 0, the bias has so many elements and is repeated
  float* y;
  int64_t y_row, y_size, crop;
};

// Row t of A is `taps` runs of `run` floats: run j is x[t * stride + j * dilation - pad_left], from channel group * run on, zero outside
// the frames. For a linear layer there is one tap, and a row of A is a row of x.
struct Products {
  const float* x;
  int64_t frames;
  int channels, run, taps, stride, dilation, pad_left, groups;
  int64_t rows;
  int depth;      // taps * run
  bool in_fours;  // x and the prologue's operands are aligned to 16 bytes; channels, run and the prologue's stride are multiples of 4
  int row_tiles, column_tiles, group_tiles;  // column_tiles: of all groups and maps; group_tiles: of one group
  Prologue prologue;  // of the rows of x; with more than one tap, only Snake; its operands are the GPU's
  int maps;
  Map map[kMostMaps];

  __device__ int64_t frame_of(int64_t row, int tap) const { return row * stride + static_cast<int64_t>(tap) * dilation - pad_left; }
};

// The place of a thread block in C.
struct Tile {
  int map, group, column;  // the first column, in the group
  int64_t row;
};
__device__ inline Tile tile_of_block(const Products& p, int tile_rows, int tile_columns) {
  const int column_tile = static_cast<int>(blockIdx.x) % p.column_tiles;
  Tile tile{0, 0, 0, static_cast<int64_t>(blockIdx.x / p.column_tiles) * tile_rows};
  while (tile.map + 1 < p.maps && column_tile >= p.map[tile.map + 1].first_tile) ++tile.map;
  const int in_map = column_tile - p.map[tile.map].first_tile;
  tile.group = p.groups == 1 ? 0 : in_map / p.group_tiles;
  tile.column = (in_map - tile.group * p.group_tiles) * tile_columns;
  return tile;
}

// y of one element from its sum.
__device__ inline void finish(const Map& map, int64_t row, int column, float sum) {
  const int64_t at = row * map.y_row + column - map.crop;
  if (at < 0 || at >= map.y_size) return;
  const Epilogue& e = map.epilogue;
  if (e.bias) sum += e.bias[map.bias_period ? column % map.bias_period : column];
  float y = activated(e.activation, sum);
  if (e.gamma && e.residual)
    y = fmaf(y, e.gamma[column], e.residual[at]);
  else if (e.gamma)
    y *= e.gamma[column];
  else if (e.residual)
    y += e.residual[at];
  map.y[at] = y;
}

// Adds the warps' sums of one tile and stores it. sums [kWarps][tile_rows * tile_columns]: element (row, column) of a warp's is where
// place(row, column) says.
template <int kTileRows, int kTileColumns, class Place>
__device__ void add_warps(const Products& p, const Tile& tile, const float* sums, Place place) {
  const Map& map = p.map[tile.map];
  for (int i = static_cast<int>(threadIdx.x); i < kTileRows * kTileColumns; i += kThreads) {
    const int row = i / kTileColumns, column = i % kTileColumns;
    if (tile.row + row >= p.rows || tile.column + column >= map.columns) continue;
    const float* from = sums + place(row, column);
    float sum = from[0];
#pragma unroll
    for (int warp = 1; warp < kWarps; ++warp) sum += from[warp * kTileRows * kTileColumns];
    finish(map, tile.row + row, tile.group * map.columns + tile.column + column, sum);
  }
}

}  // namespace gpa::cuda
