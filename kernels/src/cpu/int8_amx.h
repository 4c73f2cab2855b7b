// Products of sixteen rows of levels with panels by tile registers, in place of int8_tile.h. One product has the columns of one scale, so
// that its sums are the same exact integers; they are scaled and added as there.
#pragma once
#include "cpu/int8_levels.h"
#if !defined(GPA_TILES_EMULATED)
#include "cpu/tiles.h"
#endif

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int kLevelTilePanels = 2;
constexpr int kLevelsTile = 0, kWeightsTile = 1, kSumsTile = 2;

// A thread's tiles have the shapes of a type's products between these two.
template <DType type>
inline void begin_products() {
  constexpr int kScaleBlock = Format<type>::kScaleBlock;
  TileShapes shapes;
  const auto shape = [&](int tile, int rows, int row_bytes) {
    shapes.rows[tile] = static_cast<uint8_t>(rows);
    shapes.row_bytes[tile] = static_cast<uint16_t>(row_bytes);
  };
  shape(kLevelsTile, kLevelTileRows, kScaleBlock);
  shape(kWeightsTile, kScaleBlock / 4, sizeof(Bytes));
  shape(kSumsTile, kLevelTileRows, sizeof(Ints));
  tiles_configure(shapes);
}
inline void end_products() { tiles_release(); }

// dot[r][s] = the exact sums of scale block s: row r by the panel's rows.
template <DType type>
inline __attribute__((always_inline)) void multiply_block(const LevelBlock& x, const PanelBlock<type>& w,
                                                          Ints (&dot)[kLevelTileRows][Format<type>::kScales]) {
  constexpr int kScaleBlock = Format<type>::kScaleBlock;
#pragma GCC unroll 2
  for (int s = 0; s < Format<type>::kScales; ++s) {
    tile_load<kLevelsTile>(x.levels + level_index(0, s * kScaleBlock), kLevelBlock * sizeof(Level));
    tile_load<kWeightsTile>(w.levels + s * kScaleBlock / 4, sizeof(Bytes));
    tile_zero<kSumsTile>();
    tile_dot<kSumsTile, kLevelsTile, kWeightsTile>();
    tile_store<kSumsTile>(&dot[0][s], sizeof dot[0]);
  }
}

// c[r] (+)= `blocks` blocks of sixteen rows with a panel. Rows past the last have sums of anything, which nobody reads.
template <DType type>
void multiply_tile(const LevelBlock* x, const PanelBlock<type>* w, int64_t blocks, float* c, int64_t c_row, bool add) {
  Ints dot[2][kLevelTileRows][Format<type>::kScales];
  Vec sum[kLevelTileRows];
#pragma GCC unroll 16
  for (int r = 0; r < kLevelTileRows; ++r) sum[r] = add ? Vec::load(c + r * c_row) : Vec::zero();
  multiply_block(x[0], w[0], dot[0]);
  for (int64_t b = 0; b < blocks; ++b) {
    // The tiles are at the next block while this one is scaled.
    if (b + 1 < blocks) multiply_block(x[b + 1], w[b + 1], dot[(b + 1) % 2]);
#pragma GCC unroll 16
    for (int r = 0; r < kLevelTileRows; ++r) sum[r] = add_block<type>(sum[r], dot[b % 2][r], w[b], x[b], r);
  }
#pragma GCC unroll 16
  for (int r = 0; r < kLevelTileRows; ++r) sum[r].store(c + r * c_row);
}

// As in int8_tile.h, of sixteen rows whatever their number.
template <DType type, int P>
void level_tile(const LevelBlock* x, const PanelBlock<type>* w, int64_t panel_blocks, int64_t blocks, float* c, int64_t c_row, bool add) {
  for (int p = 0; p < P; ++p) multiply_tile(x, w + p * panel_blocks, blocks, c + p * kWidth, c_row, add);
}
template <DType type, int P>
constexpr auto level_tile_of(int64_t) {
  return level_tile<type, P>;
}

// Few rows are left to the table without tiles.
template <DType type>
constexpr int kDotRows = 0;
template <DType type>
constexpr auto level_dot_of(int64_t) {
  return static_cast<void (*)(const LevelBlock*, const char*, int64_t, float*, int64_t)>(nullptr);
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
