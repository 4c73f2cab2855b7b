// Exact products by tile registers, in place of gemm_block.h. A float is the sum of three bf16, each the nearest to what the ones before it
// leave: with x = x0 + x1 + x2 and w = w0 + w1 + w2, x w is the sum of the products xi wj with i + j <= 2; what is left out is below 2^-24 of
// it, the rounding of one f32 product. Weights in BF16 are one part (three products), F16 two (five), others three (six).
// Tiles are whole whatever the number of rows, which are zero past the last: a row has the same bits in a product of any size.
//
// Near the ends of f32's range: values from 2^128 (1 - 2^-9) on count as infinite, and a part below 2^-126 is lost. Infinity has NaN as its
// second part: what it meets becomes not finite.
#pragma once
#include "cpu/gemm_block.h"
#if !defined(GPA_TILES_EMULATED)
#include "cpu/tiles.h"
#endif

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int kMostParts = 3;
constexpr int64_t kStep = 32;                     // columns of K in a tile
constexpr int64_t kPairRows = 2 * kMostTileRows;  // two tiles of rows by two of columns: all eight registers with their four of sums
constexpr int64_t kSplitRows = 2 * kPairRows;     // that are split together (96 KB)
static_assert(kWidth == kMostTileRows && kPanel == 2 * kWidth);

using Words = uint32_t __attribute__((vector_size(4 * kWidth)));
using HalfWords = uint16_t __attribute__((vector_size(2 * kWidth)));

// bf16 values: of rows [16][32 columns of K], of weights [16 pairs of columns of K][16 rows of the weight][2].
struct alignas(64) PartTile {
  uint16_t values[kMostTileRows * kStep];
};
// One block of K of sixteen rows.
struct SplitRows {
  PartTile tiles[kBlock / kStep][kMostParts];
};

inline int parts_of(DType type) { return type == DType::kBF16 ? 1 : type == DType::kF16 ? 2 : kMostParts; }

// The bits of the nearest bf16 (half-way cases to even) as those of a float; v is left with what it lacks.
inline Words take_part(Vec& v) {
  const Words bits = reinterpret_cast<Words>(v.v);
  const Words part = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  v = v - Vec{reinterpret_cast<Floats>(part)};
  return part;
}

// x[0 ... depth) into row `row` of `to`; depth is whole steps.
inline void split_row(const float* x, int64_t depth, int64_t row, SplitRows& to) {
  for (int64_t k = 0; k < depth; k += kWidth) {
    Vec v = Vec::load(x + k);
    for (PartTile& tile : to.tiles[k / kStep]) {
      const HalfWords part = __builtin_convertvector(take_part(v) >> 16, HalfWords);
      memcpy(tile.values + row * kStep + k % kStep, &part, sizeof part);
    }
  }
}

// A panel [depth][kPanel] into its two tiles of columns, zero from depth to whole steps.
inline void split_panel(const float* panel, int64_t depth, int parts, SplitRows (&to)[2]) {
  for (int64_t k = 0; k < round_up(depth, kStep); k += 2) {
    for (int half = 0; half < 2; ++half) {
      const float* from = panel + k * kPanel + half * kWidth;
      Vec even = k < depth ? Vec::load(from) : Vec::zero(), odd = k + 1 < depth ? Vec::load(from + kPanel) : Vec::zero();
      for (int part = 0; part < parts; ++part) {
        const Words pair = take_part(even) >> 16 | take_part(odd);
        memcpy(to[half].tiles[k / kStep][part].values + k % kStep * kWidth, &pair, sizeof pair);
      }
    }
  }
}

// A thread's tiles are whole between these two.
inline void begin_exact_products() {
  TileShapes shapes;
  for (int tile = 0; tile < kMostTiles; ++tile) {
    shapes.rows[tile] = kMostTileRows;
    shapes.row_bytes[tile] = kMostTileBytes;
  }
  tiles_configure(shapes);
}
inline void end_exact_products() { tiles_release(); }

// c (+)= x w for kPairRows rows and kPanel columns. Small parts come first.
inline void multiply_split(const SplitRows* x, const SplitRows* w, int parts, int64_t steps, float* c, int64_t c_row, bool add) {
  const int64_t c_bytes = c_row * static_cast<int64_t>(sizeof(float));
  float* low = c + kMostTileRows * c_row;
  if (add) {
    tile_load<0>(c, c_bytes), tile_load<1>(c + kWidth, c_bytes), tile_load<2>(low, c_bytes), tile_load<3>(low + kWidth, c_bytes);
  } else {
    tile_zero<0>(), tile_zero<1>(), tile_zero<2>(), tile_zero<3>();
  }
  for (int64_t step = 0; step < steps; ++step) {
    for (int order = kMostParts - 1; order >= 0; --order) {
      for (int part = 0; part <= order && part < parts; ++part) {
        tile_load<4>(&x[0].tiles[step][order - part], kMostTileBytes);
        tile_load<5>(&x[1].tiles[step][order - part], kMostTileBytes);
        tile_load<6>(&w[0].tiles[step][part], kMostTileBytes);
        tile_load<7>(&w[1].tiles[step][part], kMostTileBytes);
        tile_dot_bf16<0, 4, 6>();
        tile_dot_bf16<1, 4, 7>();
        tile_dot_bf16<2, 5, 6>();
        tile_dot_bf16<3, 5, 7>();
      }
    }
  }
  tile_store<0>(c, c_bytes), tile_store<1>(c + kWidth, c_bytes), tile_store<2>(low, c_bytes), tile_store<3>(low + kWidth, c_bytes);
}

// What a part is made in.
struct TileScratch {
  SplitRows rows[kSplitRows / kMostTileRows];
  SplitRows columns[kMostPartPanels][2];
  float panel[kBlock * kPanel];
  float row[kBlock];
  float bias[kMostPartPanels * kPanel];
  float sums[kMostPartRows * kMostPartPanels * kPanel];
};
static_assert(kMostPartRows % kSplitRows == 0);

// Rows row ... row + some of A into whole pairs of tiles, the rest of which is zero.
inline void split_rows(const Product& p, int64_t group, int64_t row, int64_t some, int64_t k, int64_t depth, TileScratch& s) {
  const int64_t whole = round_up(depth, kStep);
  for (int64_t r = 0; r < round_up(some, kPairRows); ++r) {
    const int64_t there = r < some ? depth : 0;
    if (there) copy_row(p, group, row + r, k, there, s.row);
    zero_floats(s.row + there, whole - there);
    split_row(s.row, whole, r % kMostTileRows, s.rows[r / kMostTileRows]);
  }
}

inline void multiply_part_by_tiles(const Product& p, int64_t group, int64_t row, int64_t rows, int64_t first, int64_t count, TileScratch& s) {
  const int64_t panels = ceil_div(count, kPanel), width = panels * kPanel;
  const int parts = parts_of(p.w.type);
  const float* bias = repeat_bias(p, first, count, s.bias);
  begin_exact_products();
  for (int64_t k = 0; k < p.depth(); k += kBlock) {
    const int64_t depth = smaller(kBlock, p.depth() - k);
    for (int64_t panel = 0; panel < panels; ++panel) {
      const int64_t column = panel * kPanel;
      pack_weights(p, group, first + column, smaller<int64_t>(kPanel, count - column), k, depth, s.panel);
      split_panel(s.panel, depth, parts, s.columns[panel]);
    }
    for (int64_t low = 0; low < rows; low += kSplitRows) {
      const int64_t some = smaller(kSplitRows, rows - low);
      split_rows(p, group, row + low, some, k, depth, s);
      for (int64_t panel = 0; panel < panels; ++panel)
        for (int64_t r = 0; r < some; r += kPairRows)
          multiply_split(s.rows + r / kMostTileRows, s.columns[panel], parts, ceil_div(depth, kStep), s.sums + (low + r) * width + panel * kPanel,
                         width, k > 0);
      if (k + depth < p.depth()) continue;
      for (int64_t r = low; r < low + some; ++r) store_row(p, group, row + r, first, count, s.sums + r * width, bias);
    }
  }
  end_exact_products();
}

inline void multiply_by_tiles(ThreadPool& pool, const Product& p) {
  Cut cut = cut_product(p, pool.threads());
  cut.rows = round_up(cut.rows, kPairRows);
  cut.row_parts = ceil_div(p.rows, cut.rows);
  run_rectangles(pool, p, cut, [&](int64_t group, int64_t row, int64_t rows, int64_t column, int64_t columns, int thread) {
    auto& scratch = *static_cast<TileScratch*>(pool.scratch(thread, sizeof(TileScratch)));
    multiply_part_by_tiles(p, group, row, rows, column, columns, scratch);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
