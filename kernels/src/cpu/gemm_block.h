// Products with many rows: weights are packed into panels of f32, block of K by block of K, and each panel is used
// for many rows. A part is a rectangle of C.
#pragma once
#include "block_values.h"
#include "cpu/product.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int64_t kCopiedRows = 72;      // rows of A that are copied together (72 KB)
constexpr int64_t kMostPartRows = 384;   // sums of a part: at most 384 x 128 floats
constexpr int64_t kMostPartPanels = 128 / kPanel;

// How C is cut: parts of `rows` rows and `panels` panels.
struct Cut {
  int64_t rows, panels;
  int64_t row_parts, panel_parts;
};

inline Cut cut_product(const Product& p, int threads) {
  const int64_t panels = ceil_div(p.cols(), kPanel);
  Cut cut;
  cut.rows = smaller(p.rows, kMostPartRows);
  cut.panels = smaller(panels, kMostPartPanels);
  const int64_t wanted = threads == 1 ? 1 : 3 * threads;
  for (;;) {
    cut.row_parts = ceil_div(p.rows, cut.rows);
    cut.panel_parts = ceil_div(panels, cut.panels);
    if (cut.row_parts * cut.panel_parts * p.groups >= wanted) break;
    // Narrow parts copy A more often, low ones pack W more often, which costs more.
    if (cut.panels > 2)
      cut.panels = ceil_div(cut.panels, 2);
    else if (cut.rows > 2 * kTileRows)
      cut.rows = ceil_div(cut.rows, 2);
    else if (cut.panels > 1)
      cut.panels = 1;
    else
      break;
  }
  cut.rows = ceil_div(p.rows, cut.row_parts);
  cut.panels = ceil_div(panels, cut.panel_parts);
  cut.row_parts = ceil_div(p.rows, cut.rows);
  cut.panel_parts = ceil_div(panels, cut.panels);
  return cut;
}

// pack_rows() of a block type: first_k and depth (at most kBlock) are multiples of its block.
inline void pack_blocks(DType type, const void* const (&from)[kWidth], int64_t first_k, int64_t depth, float* panel) {
  float values[kWidth][kBlock];
  const void* rows[kWidth];
  for (int r = 0; r < kWidth; ++r) {
    rows[r] = from[r] ? values[r] : nullptr;
    if (from[r]) decode_blocks(type, static_cast<const char*>(from[r]) + dtype_bytes(type, first_k), values[r], depth);
  }
  pack_rows<DType::kF32>(rows, 0, depth, panel);
}

// Panels of columns first ... first + count, depth first_k ... first_k + depth; columns past the end are zero.
inline void pack_weights(const Product& p, int64_t group, int64_t first, int64_t count, int64_t first_k, int64_t depth,
                         float* to) {
  for (int64_t column = 0; column < round_up(count, kPanel); column += kWidth) {
    const void* from[kWidth];
    for (int r = 0; r < kWidth; ++r)
      from[r] = column + r < count ? weight_row(p.w, group * p.cols() + first + column + r) : nullptr;
    float* panel = to + column / kPanel * kPanel * round_up(depth, kWidth);
    if (dtype_quantized(p.w.type))
      pack_blocks(p.w.type, from, first_k, depth, panel + column % kPanel);
    else
      pack_rows_of(p.w.type, from, first_k, depth, panel + column % kPanel);
  }
}

inline void multiply_part(const Product& p, int64_t group, int64_t row, int64_t rows, int64_t first, int64_t count,
                          float* scratch) {
  const int64_t panels = ceil_div(count, kPanel), width = panels * kPanel;
  const int64_t blocks = ceil_div(p.depth(), kBlock), even = ceil_div(p.depth(), blocks);
  const int64_t block = dtype_quantized(p.w.type) ? kBlock : even;
  float* packed = scratch;
  float* copied = packed + width * kBlock;
  float* sums = copied + kCopiedRows * kARow;
  const float* bias = repeat_bias(p, first, count, sums + rows * width);
  for (int64_t k = 0; k < p.depth(); k += block) {
    const int64_t depth = smaller(block, p.depth() - k), panel_size = round_up(depth, kWidth) * kPanel;
    pack_weights(p, group, first, count, k, depth, packed);
    for (int64_t low = 0; low < rows; low += kCopiedRows) {
      const int64_t some = smaller(kCopiedRows, rows - low);
      for (int64_t r = 0; r < some; ++r) copy_row(p, group, row + low + r, k, depth, copied + r * kARow);
      for (int64_t panel = 0; panel < panels; ++panel)
        multiply_panel(copied, some, packed + panel * panel_size, depth, sums + low * width + panel * kPanel, width,
                       k > 0);
      if (k + depth < p.depth()) continue;
      for (int64_t r = low; r < low + some; ++r) store_row(p, group, row + r, first, count, sums + r * width, bias);
    }
  }
}

inline void multiply_many_rows(ThreadPool& pool, const Product& p) {
  const Cut cut = cut_product(p, pool.threads());
  const int64_t width = cut.panels * kPanel;
  const int64_t floats = width * kBlock + kCopiedRows * kARow + cut.rows * width + width;
  run_parts(pool, cut.row_parts * cut.panel_parts * p.groups, [&](int64_t part, int thread) {
    auto* scratch = static_cast<float*>(pool.scratch(thread, static_cast<size_t>(floats) * sizeof(float)));
    const int64_t row = part % cut.row_parts * cut.rows;
    const int64_t column = part / cut.row_parts % cut.panel_parts * width;
    const int64_t group = part / cut.row_parts / cut.panel_parts;
    multiply_part(p, group, row, smaller(cut.rows, p.rows - row), column, smaller(width, p.cols() - column), scratch);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
