// Products of a tile of levels with panels. The sum of a block is exact; blocks are added in the order of k by one
// accumulator, whatever the tile: a row's result depends on nothing but itself and the weights.
#pragma once
#include "cpu/int8_levels.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int kLevelTilePanels = kRegisters == 32 ? 2 : 1;

// Where the integer sum of scale block s begins: unsigned levels are too large by their bias.
template <class F>
inline Ints first_sum(const LevelBlock& x, int s, int row) {
  if (!kUnsignedLevels || F::kBias == 0) return Ints{};
  return all_ints(x.starts[kFirstStart<F> + s][row]);
}

// c[r][panel] (+)= `blocks` blocks of rows r < R with P panels `panel_blocks` blocks apart.
template <DType type, int R, int P>
void level_tile(const LevelBlock* x, const PanelBlock<type>* w, int64_t panel_blocks, int64_t blocks, float* c, int64_t c_row, bool add) {
  using F = Format<type>;
  constexpr int kScales = F::kScales, kScaleGroups = F::kScaleBlock / 4;
  Vec sum[R][P];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) sum[r][p] = add ? Vec::load(c + r * c_row + p * kWidth) : Vec::zero();
  for (const LevelBlock* end = x + blocks; x < end; ++x, ++w) {
#pragma GCC unroll 2
    for (int s = 0; s < kScales; ++s) {
      Ints dot[R][P];
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const Ints start = first_sum<F>(*x, s, r);
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) dot[r][p] = start;
      }
#pragma GCC unroll 8
      for (int g = 0; g < kScaleGroups; ++g) {
        Group group[P];
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) group[p] = open_group(load_bytes(w[p * panel_blocks].levels[s * kScaleGroups + g]));
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
          for (int p = 0; p < P; ++p) dot[r][p] = add_products(dot[r][p], group[p], x->levels[r] + s * F::kScaleBlock + 4 * g);
      }
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        const Vec scale = Vec::load(w[p * panel_blocks].scales[s]);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) sum[r][p] = fma(to_floats(dot[r][p]) * scale, Vec::broadcast(x->scales[r]), sum[r][p]);
      }
    }
    if constexpr (F::kHasMin) {
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        const Vec min = Vec::load(w[p * panel_blocks].mins);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) sum[r][p] = fma(min, Vec::broadcast(x->weighed[r]), sum[r][p]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) sum[r][p].store(c + r * c_row + p * kWidth);
}

// c[r] = rows r < R of a tile with kWidth weight rows, read where they lie: for few rows, where opening a panel for one use
// would cost more than the products. Sums are taken as in level_tile().
template <DType type, int R>
void level_dot(const LevelBlock* x, const char* rows, int64_t row_bytes, int64_t blocks, float* c, int64_t c_row) {
  using F = Format<type>;
  constexpr int kStored = kStoredBlocks<type>, kScaleGroups = F::kScaleBlock / 4;
  Vec sum[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) sum[r] = Vec::zero();
  const char* next = rows + kWidth * row_bytes;
  int64_t offset = 0;
  for (const LevelBlock* end = x + blocks; x < end; x += kStored, offset += dtype_block(type).bytes) {
    prefetch_blocks<type>(next, offset);
    PanelScales<type> scales[kStored];
    Opener<type>::scales(rows + offset, row_bytes, scales);
    Ints dot[kStored][F::kScales][R];
#pragma GCC unroll 4
    for (int unit = 0; unit < kStored / F::kUnitBlocks; ++unit) {
      Bytes levels[F::kUnitBlocks][kGroups];
      Opener<type>::unit(rows + offset, row_bytes, unit, levels);
#pragma GCC unroll 2
      for (int i = 0; i < F::kUnitBlocks; ++i) {
        const int block = Opener<type>::block_of(unit, i);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
          for (int s = 0; s < F::kScales; ++s) {
            Ints products = first_sum<F>(x[block], s, r);
#pragma GCC unroll 8
            for (int g = s * kScaleGroups; g < (s + 1) * kScaleGroups; ++g)
              products = add_products(products, open_group(levels[i][g]), x[block].levels[r] + 4 * g);
            dot[block][s][r] = products;
          }
        }
      }
    }
#pragma GCC unroll 8
    for (int block = 0; block < kStored; ++block) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
        for (int s = 0; s < F::kScales; ++s)
          sum[r] = fma(to_floats(dot[block][s][r]) * Vec::load(scales[block].scales[s]), Vec::broadcast(x[block].scales[r]), sum[r]);
        if constexpr (F::kHasMin) sum[r] = fma(Vec::load(scales[block].mins), Vec::broadcast(x[block].weighed[r]), sum[r]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) sum[r].store(c + r * c_row);
}

template <DType type>
using LevelTile = void (*)(const LevelBlock*, const PanelBlock<type>*, int64_t, int64_t, float*, int64_t, bool);

template <DType type, int P, int... I>
LevelTile<type> pick_level_tile(int64_t rows, Indices<I...>) {
  static constexpr LevelTile<type> kTiles[] = {level_tile<type, I + 1, P>...};
  return kTiles[rows - 1];
}
template <DType type, int P>
LevelTile<type> level_tile_of(int64_t rows) {
  return pick_level_tile<type, P>(rows, Iota<kLevelTileRows>());
}

constexpr int kDotRows = kLevelTileRows;

template <DType type>
using LevelDot = void (*)(const LevelBlock*, const char*, int64_t, int64_t, float*, int64_t);

template <DType type, int... I>
LevelDot<type> pick_level_dot(int64_t rows, Indices<I...>) {
  static constexpr LevelDot<type> kDots[] = {level_dot<type, I + 1>...};
  return kDots[rows - 1];
}
template <DType type>
LevelDot<type> level_dot_of(int64_t rows) {
  return pick_level_dot<type>(rows, Iota<kDotRows>());
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
