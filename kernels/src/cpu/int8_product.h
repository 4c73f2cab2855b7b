// Products of activations rounded to int8 with weights of a block type, read from where they lie: each panel of weights is
// opened once for all rows that a part has.
#pragma once
#include "cpu/int8_tile.h"
#include "cpu/product.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int64_t kOpenColumns = 768;    // columns of a panel that are open at once, a multiple of every block
constexpr int64_t kOpenPanels = kLevelTilePanels;
constexpr int64_t kLevelPartRows = 256;  // rows of a part

constexpr int64_t kOpenBytes = kOpenPanels * kWidth * (kOpenColumns + 4 * (kOpenColumns / 16 + kOpenColumns / kLevelBlock));

// Lays panels out in kOpenBytes of memory.
inline void place_panels(char* memory, Panel (&panels)[kOpenPanels]) {
  for (Panel& panel : panels) {
    panel.levels = reinterpret_cast<uint8_t*>(memory);
    panel.scales = reinterpret_cast<float*>(panel.levels + kWidth * kOpenColumns);
    panel.mins = panel.scales + kWidth * (kOpenColumns / 16);
    memory += kOpenBytes / kOpenPanels;
  }
}

// C[row, first ... first + count) for `rows` rows; count <= kOpenPanels * kWidth.
template <DType type>
void multiply_panels(const Product& p, const LevelRows& x, int64_t row, int64_t rows, int64_t first, int64_t count, char* scratch) {
  const int64_t row_bytes = dtype_bytes(type, p.w.cols), panels = ceil_div(count, kWidth);
  Panel open[kOpenPanels];
  place_panels(scratch, open);
  char* padded = scratch + kOpenBytes;
  auto* sums = reinterpret_cast<float*>(padded + round_up(kWidth * row_bytes, 64));
  constexpr int64_t kSumRow = kOpenPanels * kWidth;
  const char* weights = static_cast<const char*>(p.w.data) + first * row_bytes;
  const int64_t rest = count % kWidth;
  if (rest) {  // rows that are not there read as zero
    memcpy(padded, weights + (panels - 1) * kWidth * row_bytes, static_cast<size_t>(rest * row_bytes));
    memset(padded + rest * row_bytes, 0, static_cast<size_t>((kWidth - rest) * row_bytes));
  }
  for (int64_t k = 0; k < p.depth(); k += kOpenColumns) {
    const int64_t depth = smaller(kOpenColumns, p.depth() - k);
    for (int64_t i = 0; i < panels; ++i)
      open_panel<type>(rest && i == panels - 1 ? padded : weights + i * kWidth * row_bytes, row_bytes, k, depth, open[i]);
    const auto tiles = [&](auto tile_of, int64_t r, int64_t some, int64_t i) __attribute__((always_inline)) {
      tile_of(some)(x, row + r, k, depth, open + i, sums + r * kSumRow + i * kWidth, kSumRow, k > 0);
    };
    for (int64_t r = 0; r < rows; r += kLevelTileRows) {
      const int64_t some = smaller<int64_t>(kLevelTileRows, rows - r);
      if (panels == kLevelTilePanels)
        tiles(level_tile_of<type, kLevelTilePanels>, r, some, 0);
      else
        for (int64_t i = 0; i < panels; ++i) tiles(level_tile_of<type, 1>, r, some, i);
    }
  }
  for (int64_t r = 0; r < rows; ++r) store_row(p, 0, row + r, first, count, sums + r * kSumRow, nullptr);
}

template <DType type>
void multiply_levels(ThreadPool& pool, const Product& p) {
  const int64_t cols = p.depth();
  auto* memory = static_cast<char*>(pool.shared(static_cast<size_t>(level_bytes(p.rows, cols, Format<type>::kScaleBlock))));
  const LevelRows x = place_levels(memory, p.rows, cols, Format<type>::kScaleBlock);
  for_ranges(pool, p.rows, cols, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) round_row<type>(p.x + row * cols, row, x);
  });
  constexpr int64_t kWide = kOpenPanels * kWidth;
  const int64_t row_bytes = dtype_bytes(type, cols), columns = ceil_div(p.w.rows, kWide);
  const int64_t row_parts = ceil_div(p.rows, kLevelPartRows), part_rows = ceil_div(p.rows, row_parts);
  // Some 64 KB of weights a part: fewer are not worth handing out, more leave a thread idle at the end.
  const int64_t even = larger<int64_t>(1, columns * row_parts / (8 * pool.threads()));
  const int64_t together = smaller(larger<int64_t>(1, (1 << 16) / (kWide * row_bytes)), even);
  const int64_t column_parts = ceil_div(columns, together);
  const int64_t bytes = kOpenBytes + round_up(kWidth * row_bytes, 64) + part_rows * kWide * static_cast<int64_t>(sizeof(float));
  run_parts(pool, column_parts * row_parts, [&](int64_t part, int thread) {
    auto* scratch = static_cast<char*>(pool.scratch(thread, static_cast<size_t>(bytes)));
    const int64_t row = part / column_parts * part_rows, rows = smaller(part_rows, p.rows - row);
    const int64_t begin = part % column_parts * together * kWide, end = smaller(begin + together * kWide, p.w.rows);
    for (int64_t first = begin; first < end; first += kWide)
      multiply_panels<type>(p, x, row, rows, first, smaller(kWide, end - first), scratch);
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
