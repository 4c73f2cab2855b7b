// The inner loops of matrix products: a tile of C in registers, panels of B, rows of A in blocks of K.
#pragma once
#include "cpu/parallel.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// A tile is up to kTileRows x kPanel outputs: kTileRows * 2 accumulators, two vectors of B, and room for one of A.
constexpr int kTileRows = kRegisters == 32 ? 12 : 6;
constexpr int kPanel = 2 * kWidth;

// K is walked in blocks: a panel of one block (kBlock x kPanel) stays in the L1 cache. Rows of A are copied at a
// fixed distance, which leaves one pointer for all of them and keeps them in different cache sets.
constexpr int64_t kBlock = 256;
constexpr int64_t kARow = kBlock + 16;

// c[r][n] (+)= sum_k a[r][k] b[k][n] for r < R, n < kPanel.  a rows kARow apart; b [depth][kPanel].
// Each output is summed in the order of k by one accumulator, whatever R: a row's result does not depend on its tile.
template <int R>
void tile(const float* __restrict a, const float* __restrict b, int64_t depth, float* __restrict c, int64_t c_row,
          bool add) {
  Vec sum[R][2];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) sum[r][0] = sum[r][1] = Vec::zero();
  for (int64_t k = 0; k < depth; ++k) {
    const Vec b0 = Vec::load(b + k * kPanel), b1 = Vec::load(b + k * kPanel + kWidth);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Vec x = Vec::broadcast(a[r * kARow + k]);
      sum[r][0] = fma(x, b0, sum[r][0]);
      sum[r][1] = fma(x, b1, sum[r][1]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    float* out = c + r * c_row;
    if (add) {
      sum[r][0] = sum[r][0] + Vec::load(out);
      sum[r][1] = sum[r][1] + Vec::load(out + kWidth);
    }
    sum[r][0].store(out);
    sum[r][1].store(out + kWidth);
  }
}

using Tile = void (*)(const float*, const float*, int64_t, float*, int64_t, bool);

template <int... I>
Tile tile_of(int64_t rows, Indices<I...>) {
  static constexpr Tile kTiles[] = {tile<I + 1>...};
  return kTiles[rows - 1];
}

// Calls body(first row, row count) for tiles of nearly equal height.
template <class Body>
void for_tiles(int64_t rows, const Body& body) {
  const int64_t tiles = ceil_div(rows, kTileRows);
  for (int64_t i = 0; i < tiles; ++i) body(rows * i / tiles, rows * (i + 1) / tiles - rows * i / tiles);
}

// C (+)= A B for `rows` rows and one panel.
inline void multiply_panel(const float* a, int64_t rows, const float* b, int64_t depth, float* c, int64_t c_row,
                           bool add) {
  for_tiles(rows, [&](int64_t first, int64_t count) {
    tile_of(count, Iota<kTileRows>())(a + first * kARow, b, depth, c + first * c_row, c_row, add);
  });
}

// Rows of a weight or of keys to be transposed: row r, columns from some k on, as f32 whatever the type.
template <DType type>
inline Vec load_weights(const void* p, int64_t k, int64_t lanes) {
  if constexpr (type == DType::kF32) {
    return load_lanes(static_cast<const float*>(p) + k, lanes);
  } else {
    constexpr auto load = type == DType::kF16 ? Vec::load_f16 : Vec::load_bf16;
    auto* from = static_cast<const uint16_t*>(p) + k;
    return lanes == kWidth ? load(from) : load_first_half(from, lanes, load);
  }
}

// One step of the transposition: exchanges the S x S blocks off the diagonal of each 2S x 2S block.
template <int S, int... J>
inline void exchange(Vec& low, Vec& high, Indices<J...>) {
  const Floats a = low.v, b = high.v;
  low.v = __builtin_shufflevector(a, b, (J & S ? kWidth + J - S : J)...);
  high.v = __builtin_shufflevector(a, b, (J & S ? kWidth + J : J + S)...);
}

template <int S>
inline void transpose_steps(Vec (&rows)[kWidth]) {
  if constexpr (S < kWidth) {
#pragma GCC unroll 16
    for (int i = 0; i < kWidth; ++i)
      if (!(i & S)) exchange<S>(rows[i], rows[i + S], Iota<kWidth>());
    transpose_steps<2 * S>(rows);
  }
}

// panel[k][column + r] = row r [k] for k < depth, r < kWidth; absent rows (null) are zero.
// Writes whole vectors of k: the panel must have room for round_up(depth, kWidth) rows.
template <DType type>
void pack_rows(const void* const (&from)[kWidth], int64_t first_k, int64_t depth, float* panel) {
  for (int64_t k = 0; k < depth; k += kWidth) {
    const int64_t lanes = smaller<int64_t>(kWidth, depth - k);
    Vec rows[kWidth];
#pragma GCC unroll 16
    for (int r = 0; r < kWidth; ++r)
      rows[r] = from[r] ? load_weights<type>(from[r], first_k + k, lanes) : Vec::zero();
    transpose_steps<1>(rows);
#pragma GCC unroll 16
    for (int j = 0; j < kWidth; ++j) rows[j].store(panel + (k + j) * kPanel);
  }
}

inline void pack_rows_of(DType type, const void* const (&from)[kWidth], int64_t first_k, int64_t depth, float* panel) {
  if (type == DType::kF16) return pack_rows<DType::kF16>(from, first_k, depth, panel);
  if (type == DType::kBF16) return pack_rows<DType::kBF16>(from, first_k, depth, panel);
  pack_rows<DType::kF32>(from, first_k, depth, panel);
}

// Zeroes or copies `count` floats without a call for short runs.
inline void copy_floats(float* to, const float* from, int64_t count) {
  for_vectors(count, [&](int64_t i, int64_t lanes) { store_lanes(to + i, lanes, load_lanes(from + i, lanes)); });
}
inline void zero_floats(float* to, int64_t count) {
  if (count > 0) memset(to, 0, static_cast<size_t>(count) * sizeof(float));
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
