// Products of activations rounded to int8 with weights of a block type, read from where they lie: each panel of weights is
// opened once for all rows that a part has.
#pragma once
#include "cpu/int8_tile.h"
#include "cpu/product.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int64_t kOpenColumns = 512;    // columns of a panel that are open at once, a multiple of every block
constexpr int64_t kOpenBlocks = kOpenColumns / kLevelBlock;
constexpr int64_t kWide = kLevelTilePanels * kWidth;
constexpr int64_t kLevelPartTiles = 43;  // tiles of a part

// What a part needs beside x and w.
template <DType type>
struct LevelScratch {
  PanelBlock<type>* open;  // [kLevelTilePanels][kOpenBlocks]
  char* padded;            // rows past the end: zeros
  float* sums;             // [rows][kWide]

  static int64_t bytes(int64_t rows, int64_t row_bytes) {
    return kLevelTilePanels * kOpenBlocks * static_cast<int64_t>(sizeof(PanelBlock<type>)) + round_up(kWidth * row_bytes, 64) +
           rows * kWide * static_cast<int64_t>(sizeof(float));
  }
  LevelScratch(void* memory, int64_t row_bytes)
      : open(static_cast<PanelBlock<type>*>(memory)), padded(reinterpret_cast<char*>(open + kLevelTilePanels * kOpenBlocks)),
        sums(reinterpret_cast<float*>(padded + round_up(kWidth * row_bytes, 64))) {}
};

// Up to kLevelTilePanels panels of weights; rows past the end lie in padded memory.
struct PanelRows {
  const char* weights;
  const char* padded;  // the last panel's rows, or null when it is whole
  int64_t panels, row_bytes;

  const char* panel(int64_t i) const { return padded && i == panels - 1 ? padded : weights + i * kWidth * row_bytes; }
};

// sums[r][panel] for `rows` rows, opening some columns of the panels at once for all rows.
template <DType type>
void multiply_open_panels(const PanelRows& w, const LevelBlock* x, int64_t rows, int64_t blocks, const LevelScratch<type>& scratch) {
  for (int64_t b = 0; b < blocks; b += kOpenBlocks) {
    const int64_t some = smaller(kOpenBlocks, blocks - b);
    for (int64_t i = 0; i < w.panels; ++i)
      open_panel<type>(w.panel(i), w.row_bytes, b * kLevelBlock, some * kLevelBlock, scratch.open + i * kOpenBlocks);
    for (int64_t r = 0; r < rows; r += kLevelTileRows) {
      const int64_t tile_rows = smaller<int64_t>(kLevelTileRows, rows - r);
      const LevelBlock* tile = x + r / kLevelTileRows * blocks + b;
      float* sums = scratch.sums + r * kWide;
      if (w.panels == kLevelTilePanels)
        level_tile_of<type, kLevelTilePanels>(tile_rows)(tile, scratch.open, kOpenBlocks, some, sums, kWide, b > 0);
      else
        level_tile_of<type, 1>(tile_rows)(tile, scratch.open, kOpenBlocks, some, sums, kWide, b > 0);
    }
  }
}

// C[row, first ... first + count) for `rows` rows from the tile x on; count <= kWide.
template <DType type>
void multiply_panels(const Product& p, const LevelBlock* x, int64_t row, int64_t rows, int64_t first, int64_t count,
                     const LevelScratch<type>& scratch) {
  const int64_t row_bytes = dtype_bytes(type, p.w.cols), blocks = p.depth() / kLevelBlock, rest = count % kWidth;
  PanelRows w{static_cast<const char*>(p.w.data) + first * row_bytes, nullptr, ceil_div(count, kWidth), row_bytes};
  if (rest) {
    memcpy(scratch.padded, w.panel(w.panels - 1), static_cast<size_t>(rest * row_bytes));
    memset(scratch.padded + rest * row_bytes, 0, static_cast<size_t>((kWidth - rest) * row_bytes));
    w.padded = scratch.padded;
  }
  if (rows <= kDotRows)
    for (int64_t i = 0; i < w.panels; ++i) level_dot_of<type>(rows)(x, w.panel(i), row_bytes, blocks, scratch.sums + i * kWidth, kWide);
  else
    multiply_open_panels(w, x, rows, blocks, scratch);
  for (int64_t r = 0; r < rows; ++r) store_row(p, 0, row + r, first, count, scratch.sums + r * kWide, nullptr);
}

template <DType type>
void multiply_levels(ThreadPool& pool, const Product& p) {
  const int64_t blocks = p.depth() / kLevelBlock, tiles = ceil_div(p.rows, kLevelTileRows);
  auto* x = static_cast<LevelBlock*>(pool.shared(static_cast<size_t>(tiles * blocks) * sizeof(LevelBlock)));
  round_rows(pool, p.x, p.rows, p.depth(), Format<type>::kBias, x);
  const int64_t row_bytes = dtype_bytes(type, p.w.cols), columns = ceil_div(p.w.rows, kWide);
  const int64_t row_parts = ceil_div(tiles, kLevelPartTiles), part_tiles = ceil_div(tiles, row_parts);
  // Some 64 KB of weights a part: fewer are not worth handing out, more leave a thread idle at the end.
  const int64_t even = larger<int64_t>(1, columns * row_parts / (8 * pool.threads()));
  const int64_t together = smaller(larger<int64_t>(1, (1 << 16) / (kWide * row_bytes)), even);
  const int64_t column_parts = ceil_div(columns, together);
  const int64_t bytes = LevelScratch<type>::bytes(part_tiles * kLevelTileRows, row_bytes);
  run_parts(pool, column_parts * row_parts, [&](int64_t part, int thread) {
    const LevelScratch<type> scratch(pool.scratch(thread, static_cast<size_t>(bytes)), row_bytes);
    const int64_t tile = part / column_parts * part_tiles, row = tile * kLevelTileRows;
    const int64_t rows = smaller(part_tiles * kLevelTileRows, p.rows - row);
    const int64_t begin = part % column_parts * together * kWide, end = smaller(begin + together * kWide, p.w.rows);
    for (int64_t first = begin; first < end; first += kWide)
      multiply_panels<type>(p, x + tile * blocks, row, rows, first, smaller(kWide, end - first), scratch);
  });
}

inline void multiply_int8(ThreadPool& pool, const Product& p) {
  switch (p.w.type) {
    case DType::kQ4_0: return multiply_levels<DType::kQ4_0>(pool, p);
    case DType::kQ8_0: return multiply_levels<DType::kQ8_0>(pool, p);
    case DType::kIQ4_NL: return multiply_levels<DType::kIQ4_NL>(pool, p);
    case DType::kQ4_K: return multiply_levels<DType::kQ4_K>(pool, p);
    case DType::kQ5_K: return multiply_levels<DType::kQ5_K>(pool, p);
    case DType::kQ6_K: return multiply_levels<DType::kQ6_K>(pool, p);
    default: return;
  }
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
