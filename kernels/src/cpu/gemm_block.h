// Products with many rows: weights are packed into panels of f32, block of K by block of K, and each panel is used
// for many rows. A part is a rectangle of C.
#pragma once
#include "block_values.h"
#include "cpu/packed_values.h"

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

// panel[k][r] = row r [first_k + k] of a block type for k < depth, r < kWidth; both extents are whole stored blocks.
template <DType type>
void unpack_blocks(const char* rows, int64_t row_bytes, int64_t first_k, int64_t depth, float* panel) {
  using F = Format<type>;
  constexpr int64_t kElements = dtype_block(type).elements;
  const Vec bias = Vec::broadcast(kUnsignedLevels ? static_cast<float>(F::kBias) : 0.0f);
  for (int64_t b = 0; b < depth / kElements; ++b) {
    const StoredBlock stored{rows + (first_k / kElements + b) * dtype_block(type).bytes, row_bytes};
    PanelScales<type> scales[kStoredBlocks<type>];
    Opener<type>::scales(stored, scales);
    for (int unit = 0; unit < kStoredBlocks<type> / F::kUnitBlocks; ++unit) {
      Bytes levels[F::kUnitBlocks][kGroups];
      Opener<type>::unit(stored, unit, levels);
#pragma GCC unroll 2
      for (int i = 0; i < F::kUnitBlocks; ++i) {
        const int block = Opener<type>::block_of(unit, i);
        float* to = panel + (b * kElements + block * kLevelBlock) * kPanel;
#pragma GCC unroll 8
        for (int g = 0; g < kGroups; ++g) {
          const Vec scale = Vec::load(scales[block].scales[g * F::kScales / kGroups]);
          Vec shift = -(bias * scale);
          if constexpr (F::kHasMin) shift = Vec::load(scales[block].mins);
#pragma GCC unroll 4
          for (int k = 0; k < 4; ++k) fma(level_of(group_of(levels[i], g), k), scale, shift).store(to + (4 * g + k) * kPanel);
        }
      }
    }
  }
}

inline void unpack_blocks_of(DType type, const char* rows, int64_t row_bytes, int64_t first_k, int64_t depth, float* panel) {
  switch (type) {
    case DType::kQ4_0: return unpack_blocks<DType::kQ4_0>(rows, row_bytes, first_k, depth, panel);
    case DType::kQ8_0: return unpack_blocks<DType::kQ8_0>(rows, row_bytes, first_k, depth, panel);
    case DType::kIQ4_NL: return unpack_blocks<DType::kIQ4_NL>(rows, row_bytes, first_k, depth, panel);
    case DType::kQ4_K: return unpack_blocks<DType::kQ4_K>(rows, row_bytes, first_k, depth, panel);
    case DType::kQ5_K: return unpack_blocks<DType::kQ5_K>(rows, row_bytes, first_k, depth, panel);
    case DType::kQ6_K: return unpack_blocks<DType::kQ6_K>(rows, row_bytes, first_k, depth, panel);
    default: return;
  }
}

// pack_rows() of a block type. Where rows are missing those that are there are decoded one by one.
inline void pack_blocks(const Weight& w, const void* const (&from)[kWidth], int64_t first_k, int64_t depth, float* panel) {
  const int64_t row_bytes = dtype_bytes(w.type, w.cols);
  if (from[kWidth - 1]) return unpack_blocks_of(w.type, static_cast<const char*>(from[0]), row_bytes, first_k, depth, panel);
  float values[kWidth][kBlock];
  const void* rows[kWidth];
  for (int r = 0; r < kWidth; ++r) {
    rows[r] = from[r] ? values[r] : nullptr;
    if (from[r]) decode_blocks(w.type, static_cast<const char*>(from[r]) + dtype_bytes(w.type, first_k), values[r], depth);
  }
  pack_rows<DType::kF32>(rows, 0, depth, panel);
}

// Panels of columns first ... first + count, depth first_k ... first_k + depth; columns past the end are zero.
inline void pack_weights(const Product& p, int64_t group, int64_t first, int64_t count, int64_t first_k, int64_t depth,
                         float* to) {
  if (p.panels) {
    for (int64_t column = 0; column < count; column += kPanel, to += kPanel * round_up(depth, kWidth))
      value_kernel(p.w.type).unpack(p.panels, p.w.cols, first + column, first_k, depth, to);
    return;
  }
  for (int64_t column = 0; column < round_up(count, kPanel); column += kWidth) {
    const void* from[kWidth];
    for (int r = 0; r < kWidth; ++r)
      from[r] = column + r < count ? weight_row(p.w, group * p.cols() + first + column + r) : nullptr;
    float* panel = to + column / kPanel * kPanel * round_up(depth, kWidth);
    if (dtype_quantized(p.w.type))
      pack_blocks(p.w, from, first_k, depth, panel + column % kPanel);
    else
      pack_rows_of(p.w.type, from, first_k, depth, panel + column % kPanel);
  }
}

inline void multiply_part(const Product& p, int64_t group, int64_t row, int64_t rows, int64_t first, int64_t count,
                          float* scratch) {
  const int64_t panels = ceil_div(count, kPanel), width = panels * kPanel;
  const int64_t block = block_of_depth(p.w.type, p.depth());
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

// Calls body(group, row, rows, column, columns, thread) for each part of C.
template <class Body>
void run_rectangles(ThreadPool& pool, const Product& p, const Cut& cut, const Body& body) {
  const int64_t width = cut.panels * kPanel;
  run_parts(pool, cut.row_parts * cut.panel_parts * p.groups, [&](int64_t part, int thread) {
    const int64_t row = part % cut.row_parts * cut.rows;
    const int64_t column = part / cut.row_parts % cut.panel_parts * width;
    const int64_t group = part / cut.row_parts / cut.panel_parts;
    body(group, row, smaller(cut.rows, p.rows - row), column, smaller(width, p.cols() - column), thread);
  });
}

inline void multiply_many_rows(ThreadPool& pool, const Product& p) {
  const Cut cut = cut_product(p, pool.threads());
  const int64_t width = cut.panels * kPanel;
  const int64_t floats = width * kBlock + kCopiedRows * kARow + cut.rows * width + width;
  run_rectangles(pool, p, cut, [&](int64_t group, int64_t row, int64_t rows, int64_t column, int64_t columns, int thread) {
    auto* scratch = static_cast<float*>(pool.scratch(thread, static_cast<size_t>(floats) * sizeof(float)));
    multiply_part(p, group, row, rows, column, columns, scratch);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
