// Products of some rows of levels with panels of levels. The sum of a block is exact; blocks are added in the order of k by
// one accumulator, whatever the tile: a row's result depends on nothing but itself and the weights.
#pragma once
#include "cpu/int8_levels.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// A tile is R rows x P panels: R * P sums of integers and as many of floats.
constexpr int kLevelTileRows = kRegisters == 32 ? 6 : 3;
constexpr int kLevelTilePanels = kRegisters == 32 ? 2 : 1;

// c[r][panel] (+)= rows first ... first + R - 1, columns first_k ... first_k + depth, with P panels.
template <DType type, int R, int P>
void level_tile(const LevelRows& x, int64_t first, int64_t first_k, int64_t depth, const Panel* w, float* c,
                int64_t c_row, bool add) {
  using F = Format<type>;
  constexpr int kGroups = static_cast<int>(F::kScaleBlock) / 4;
  constexpr int kPerBlock = static_cast<int>(kLevelBlock / F::kScaleBlock);
  const int64_t blocks = x.cols / kLevelBlock;
  Vec sum[R][P];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) sum[r][p] = add ? Vec::load(c + r * c_row + p * kWidth) : Vec::zero();
  for (int64_t b = 0; b < depth / kLevelBlock; ++b) {
    const int64_t xb = first_k / kLevelBlock + b;
    const float* scale = x.scales + first * blocks + xb;
#pragma GCC unroll 2
    for (int half = 0; half < kPerBlock; ++half) {
      const int64_t s = b * kPerBlock + half;
      const int32_t* start = x.starts + first * x.starts_row + xb * kPerBlock + half;
      const Level* levels = x.levels + first * x.cols + first_k + s * F::kScaleBlock;
      Ints dot[R][P];
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const Ints begin = kUnsignedLevels && F::kBias != 0 ? all_ints(start[r * x.starts_row]) : Ints{};
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) dot[r][p] = begin;
      }
#pragma GCC unroll 8
      for (int g = 0; g < kGroups; ++g) {
        Group group[P];
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) group[p] = open_group(load_bytes(w[p].levels + (s * F::kScaleBlock + 4 * g) * kWidth));
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
          for (int p = 0; p < P; ++p) dot[r][p] = add_products(dot[r][p], group[p], levels + r * x.cols + 4 * g);
      }
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        const Vec weight_scale = Vec::load(w[p].scales + s * kWidth);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
          sum[r][p] = fma(to_floats(dot[r][p]) * weight_scale, Vec::broadcast(scale[r * blocks]), sum[r][p]);
      }
    }
    if (F::kHasMin) {
      const float* weighed = x.weighed + first * blocks + xb;
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        const Vec min = Vec::load(w[p].mins + b * kWidth);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) sum[r][p] = fma(min, Vec::broadcast(weighed[r * blocks]), sum[r][p]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) sum[r][p].store(c + r * c_row + p * kWidth);
}

using LevelTile = void (*)(const LevelRows&, int64_t, int64_t, int64_t, const Panel*, float*, int64_t, bool);

template <DType type, int P, int... I>
LevelTile pick_level_tile(int64_t rows, Indices<I...>) {
  static constexpr LevelTile kTiles[] = {level_tile<type, I + 1, P>...};
  return kTiles[rows - 1];
}
template <DType type, int P>
LevelTile level_tile_of(int64_t rows) {
  return pick_level_tile<type, P>(rows, Iota<kLevelTileRows>());
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
