// Products of a tile of levels with panels. The sum of a block is exact; blocks are added in the order of k by one
// accumulator, whatever the tile: a row's result depends on nothing but itself and the weights.
#pragma once
#include "cpu/int8_levels.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int kLevelTilePanels = kRegisters == 32 ? 2 : 1;

// What a thread does before and after its products: nothing.
template <DType type>
inline void begin_products() {}
inline void end_products() {}

// Where the integer sum of scale block s begins: unsigned levels are too large by their bias.
template <class F>
inline Sums first_sum(const LevelBlock& x, int s, int row) {
  if (!kUnsignedLevels || F::kBias == 0) return sums_from(0);
  return sums_from(x.starts[kFirstStart<F> + s][row]);
}

// c[r][panel] (+)= `blocks` blocks of rows r < R with P panels `panel_blocks` blocks apart.
template <DType type, int R, int P>
void level_tile(const LevelBlock* x, const PanelBlock<type>* w, int64_t panel_blocks, int64_t blocks, float* c, int64_t c_row, bool add) {
  using F = Format<type>;
  constexpr int kScales = F::kScales, kScaleGroups = F::kScaleBlock / 4, kProducts = (R + kProductRows - 1) / kProductRows;
  Vec sum[R][P];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) sum[r][p] = add ? Vec::load(c + r * c_row + p * kWidth) : Vec::zero();
  for (const LevelBlock* end = x + blocks; x < end; ++x, ++w) {
#pragma GCC unroll 2
    for (int s = 0; s < kScales; ++s) {
      Sums dot[kProducts][P];
#pragma GCC unroll 8
      for (int r = 0; r < kProducts; ++r) {
        const Sums start = first_sum<F>(*x, s, kProductRows * r);
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) dot[r][p] = start;
      }
#pragma GCC unroll 8
      for (int g = 0; g < kScaleGroups; g += kProductGroups) {
        Group group[P];
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) group[p] = open_group(w[p * panel_blocks].levels + s * kScaleGroups + g);
#pragma GCC unroll 8
        for (int r = 0; r < kProducts; ++r) {
          const Level* levels = x->levels + level_index(kProductRows * r, s * F::kScaleBlock + 4 * g);
#pragma GCC unroll 8
          for (int p = 0; p < P; ++p) dot[r][p] = add_products(dot[r][p], group[p], levels);
        }
      }
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        const Vec scale = Vec::load(w[p * panel_blocks].scales[s]);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) {
          const Ints dots = sums_of_row(dot[r / kProductRows][p], r % kProductRows);
          sum[r][p] = fma(to_floats(dots) * scale, Vec::broadcast(x->scales[r]), sum[r][p]);
        }
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

// Whether opening gives the blocks of 32 columns in their order.
template <DType type>
constexpr bool kOpensInOrder = type != DType::kQ6_K;

// c[r] = rows r < R of the tiles from x on, `blocks` blocks each, with a packed panel: for few rows, where writing an opened panel and
// reading it again would cost more than opening it in registers. Sums are taken as in level_tile().
template <DType type, int R>
void level_dot(const LevelBlock* x, const char* panel, int64_t blocks, float* c, int64_t c_row) {
  using F = Format<type>;
  constexpr int kStored = kStoredBlocks<type>, kScaleGroups = F::kScaleBlock / 4;
  const auto block_of_row = [&](int r, int block) -> const LevelBlock& { return x[r / kLevelTileRows * blocks + block]; };
  Vec sum[R];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) sum[r] = Vec::zero();
  for (const LevelBlock* end = x + blocks; x < end; x += kStored, panel += kWidth * dtype_block(type).bytes) {
    prefetch_ahead<type>(panel);
    const PackedBlock stored{panel};
    PanelScales<type> scales[kStored];
    Opener<type>::scales(stored, scales);
    [[maybe_unused]] Ints kept[kOpensInOrder<type> ? 1 : kStored][R][F::kScales];
#pragma GCC unroll 4
    for (int unit = 0; unit < kStored / F::kUnitBlocks; ++unit) {
      Bytes levels[F::kUnitBlocks][kGroups];
      Opener<type>::unit(stored, unit, levels);
#pragma GCC unroll 2
      for (int i = 0; i < F::kUnitBlocks; ++i) {
        const int block = Opener<type>::block_of(unit, i);
#pragma GCC unroll 16
        for (int r = 0; r < R; r += kProductRows) {
          const LevelBlock& of = block_of_row(r, block);
          Ints dot[kProductRows][F::kScales];
#pragma GCC unroll 2
          for (int s = 0; s < F::kScales; ++s) {
            // Two chains: one alone waits for each of its products.
            Sums even = first_sum<F>(of, s, r % kLevelTileRows), odd = sums_from(0);
#pragma GCC unroll 4
            for (int g = s * kScaleGroups; g < (s + 1) * kScaleGroups; g += 2 * kProductGroups) {
              const Level* at = of.levels + level_index(r % kLevelTileRows, 4 * g);
              even = add_products(even, open_group(levels[i] + g), at);
              odd = add_products(odd, open_group(levels[i] + g + kProductGroups), at + 4 * kProductGroups * kProductRows);
            }
#pragma GCC unroll 2
            for (int j = 0; j < kProductRows; ++j) dot[j][s] = sums_of_row(even + odd, j);
          }
#pragma GCC unroll 2
          for (int j = 0; j < kProductRows; ++j) {
            if (r + j == R) break;
            if constexpr (kOpensInOrder<type>) {
              sum[r + j] = add_block<type>(sum[r + j], dot[j], scales[block], of, (r + j) % kLevelTileRows);
            } else {
#pragma GCC unroll 2
              for (int s = 0; s < F::kScales; ++s) kept[block][r + j][s] = dot[j][s];
            }
          }
        }
      }
    }
#pragma GCC unroll 8
    for (int block = 0; block < (kOpensInOrder<type> ? 0 : kStored); ++block)
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) sum[r] = add_block<type>(sum[r], kept[block][r], scales[block], block_of_row(r, block), r % kLevelTileRows);
  }
#pragma GCC unroll 16
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

// As many rows as registers have sums for, beside a block; fewer where the sums of a unit wait for their turn.
template <DType type>
constexpr int kDotRows = kRegisters < 32 ? kLevelTileRows : kOpensInOrder<type> ? 16 : 8;

template <DType type>
using LevelDot = void (*)(const LevelBlock*, const char*, int64_t, float*, int64_t);

template <DType type, int... I>
LevelDot<type> pick_level_dot(int64_t rows, Indices<I...>) {
  static constexpr LevelDot<type> kDots[] = {level_dot<type, I + 1>...};
  return kDots[rows - 1];
}
template <DType type>
LevelDot<type> level_dot_of(int64_t rows) {
  return pick_level_dot<type>(rows, Iota<kDotRows<type>>());
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
