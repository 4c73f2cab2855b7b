// Products of activations rounded to int8 with weights of a block type, packed when they were loaded or by the part that uses them: each
// panel of weights is opened once for all rows that a part has.
#pragma once
#if defined(GPA_ISA_AMX)
#include "cpu/int8_amx.h"
#else
#include "cpu/int8_tile.h"
#endif
#include "cpu/prologue.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int64_t kOpenColumns = 512;    // columns of a panel that are open at once, a multiple of every block
constexpr int64_t kOpenBlocks = kOpenColumns / kLevelBlock;
constexpr int64_t kWide = kLevelTilePanels * kWidth;
constexpr int64_t kLevelPartTiles = kLevelTileRows == 16 ? 16 : 43;  // tiles of a part

// What a part needs beside x and w.
template <DType type>
struct LevelScratch {
  PanelBlock<type>* open;  // [kLevelTilePanels][kOpenBlocks]
  float* sums;             // [rows][kWide]
  char* packed;            // a panel, where weights are not packed

  static int64_t bytes(int64_t rows, int64_t row_bytes) {
    return kLevelTilePanels * kOpenBlocks * static_cast<int64_t>(sizeof(PanelBlock<type>)) +
           round_up(rows * kWide * static_cast<int64_t>(sizeof(float)), 64) + kWidth * row_bytes;
  }
  LevelScratch(void* memory, int64_t rows)
      : open(static_cast<PanelBlock<type>*>(memory)), sums(reinterpret_cast<float*>(open + kLevelTilePanels * kOpenBlocks)),
        packed(reinterpret_cast<char*>(sums) + round_up(rows * kWide * static_cast<int64_t>(sizeof(float)), 64)) {}
};

// `depth` columns of K, from first_k on, of the panel at column `first`: where they lie, or packed into scratch.
template <DType type>
const char* packed_panel(const Product& p, int64_t first, int64_t first_k, int64_t depth, const LevelScratch<type>& scratch) {
  const int64_t row_bytes = dtype_bytes(type, p.w.cols), at = first * row_bytes;
  if (p.panels) return p.panels + at + kWidth * dtype_bytes(type, first_k);
  pack_panel<type>(static_cast<const char*>(p.w.data) + at, row_bytes, first_k, depth, smaller<int64_t>(kWidth, p.cols() - first), scratch.packed);
  return scratch.packed;
}

// sums[r][panel] for `rows` rows and the panels of columns first ... first + count, opening some columns of K at once for all rows.
// before(r, n) is called ahead of the last products of rows r ... r + n, after(r, n) behind them: what is stored meets its lines in the
// cache and waits for none.
template <DType type, class Before, class After>
void multiply_open_panels(const Product& p, int64_t first, int64_t panels, const LevelBlock* x, int64_t rows, int64_t blocks,
                          const LevelScratch<type>& scratch, const Before& before, const After& after) {
  for (int64_t b = 0; b < blocks; b += kOpenBlocks) {
    const int64_t some = smaller(kOpenBlocks, blocks - b), first_k = b * kLevelBlock, depth = some * kLevelBlock;
    const bool last = b + some == blocks;
    for (int64_t i = 0; i < panels; ++i)
      open_panel<type>(packed_panel<type>(p, first + i * kWidth, first_k, depth, scratch), depth, scratch.open + i * kOpenBlocks);
    for (int64_t r = 0; r < rows; r += kLevelTileRows) {
      const int64_t tile_rows = smaller<int64_t>(kLevelTileRows, rows - r);
      const LevelBlock* tile = x + r / kLevelTileRows * blocks + b;
      float* sums = scratch.sums + r * kWide;
      if (last) before(r, tile_rows);
      if (panels == kLevelTilePanels)
        level_tile_of<type, kLevelTilePanels>(tile_rows)(tile, scratch.open, kOpenBlocks, some, sums, kWide, b > 0);
      else
        level_tile_of<type, 1>(tile_rows)(tile, scratch.open, kOpenBlocks, some, sums, kWide, b > 0);
      if (last) after(r, tile_rows);
    }
  }
}

// C[row, first ... first + count) for `rows` rows from the tile x on; first is the begin of a panel, count <= kWide.
template <DType type>
void multiply_panels(const Product& p, const LevelBlock* x, int64_t row, int64_t rows, int64_t first, int64_t count,
                     const LevelScratch<type>& scratch) {
  const int64_t blocks = p.depth() / kLevelBlock, panels = ceil_div(count, kWidth);
  float bias[kWide];
  const float* repeated = repeat_bias(p, first, count, bias);
  const auto store = [&](int64_t r, int64_t n) {
    for (const int64_t end = r + n; r < end; ++r) store_row(p, 0, row + r, first, count, scratch.sums + r * kWide, repeated);
  };
  if (rows <= kDotRows<type>) {
    for (int64_t i = 0; i < panels; ++i) {
      const char* panel = packed_panel<type>(p, first + i * kWidth, 0, p.depth(), scratch);
      level_dot_of<type>(rows)(x, panel, blocks, scratch.sums + i * kWidth, kWide);
    }
    store(0, rows);
  } else {
    const auto fetch = [&](int64_t r, int64_t n) {
      for (const int64_t end = r + n; r < end; ++r) prefetch_row(p, row + r, first, count);
    };
    multiply_open_panels(p, first, panels, x, rows, blocks, scratch, fetch, store);
  }
}

// How one product's columns are dealt out.
struct LevelCut {
  int64_t together;  // pieces of kWide columns in a part
  int64_t parts;
};

inline LevelCut cut_levels(const Product& p, int64_t row_parts, int threads) {
  const int64_t columns = ceil_div(p.cols(), kWide);
  // A megabyte of weights a part at most: memory is read fastest in long runs, but the last part leaves other threads idle.
  const int64_t even = larger<int64_t>(1, columns * row_parts / (8 * threads));
  const int64_t together = smaller(larger<int64_t>(1, (1 << 20) / (kWide * dtype_bytes(p.w.type, p.w.cols))), even);
  return {together, ceil_div(columns, together)};
}

template <DType type>
void multiply_level_part(const Product& p, const LevelBlock* x, int64_t row, int64_t rows, int64_t begin, int64_t columns, void* memory) {
  const LevelScratch<type> scratch(memory, rows);
  const int64_t end = smaller(begin + columns, p.cols());
  begin_products<type>();
  for (int64_t first = begin; first < end; first += kWide)
    multiply_panels<type>(p, x, row, rows, first, smaller(kWide, end - first), scratch);
  end_products();
}

// What depends on the type of the weights.
struct LevelKernel {
  void (*part)(const Product&, const LevelBlock*, int64_t, int64_t, int64_t, int64_t, void*);
  void (*pack)(const char* rows, int64_t row_bytes, int64_t first_k, int64_t depth, int64_t count, char* to);
  int64_t (*scratch_bytes)(int64_t rows, int64_t row_bytes);  // rows: a part's at most
};
template <DType type>
constexpr LevelKernel kLevelKernel = {multiply_level_part<type>, pack_panel<type>, LevelScratch<type>::bytes};

inline LevelKernel level_kernel(DType type) {
  switch (type) {
    case DType::kQ4_0: return kLevelKernel<DType::kQ4_0>;
    case DType::kQ4_K: return kLevelKernel<DType::kQ4_K>;
    case DType::kQ5_K: return kLevelKernel<DType::kQ5_K>;
    case DType::kQ6_K: return kLevelKernel<DType::kQ6_K>;
    case DType::kIQ4_NL: return kLevelKernel<DType::kIQ4_NL>;
    default: return kLevelKernel<DType::kQ8_0>;
  }
}

// The rows of a linear layer into [ceil(rows / kLevelTileRows)][depth / kLevelBlock] blocks.
inline void round_rows(ThreadPool& pool, const Product& p, LevelBlock* to) {
  const int64_t blocks = p.depth() / kLevelBlock;
  for_entering_rows(pool, p, [&](int64_t row, const float* x) {
    LevelBlock* tile = to + row / kLevelTileRows * blocks;
    for (int64_t b = 0; b < blocks; ++b) place(round_block(x + b * kLevelBlock), static_cast<int>(row % kLevelTileRows), tile[b]);
  });
}

// Frames into [frames][channels / kLevelBlock]: for convolutions, where a frame takes part in several products.
inline void round_frames(ThreadPool& pool, const Product& p, RowLevels* to) {
  const int64_t blocks = p.channels / kLevelBlock;
  for_entering_rows(pool, p, [&](int64_t frame, const float* x) {
    for (int64_t b = 0; b < blocks; ++b) to[frame * blocks + b] = round_block(x + b * kLevelBlock);
  });
}

constexpr int64_t kMostProducts = 4;

// Up to kMostProducts products of the same x and prologue, which are gone through once; their parts are dealt out together.
inline void multiply_int8(ThreadPool& pool, const Product* products, int64_t count) {
  const Product& any = products[0];
  if (any.rows <= 0) return;
  const int64_t blocks = any.depth() / kLevelBlock, tiles = ceil_div(any.rows, kLevelTileRows);
  auto* x = static_cast<LevelBlock*>(pool.shared(static_cast<size_t>(tiles * blocks) * sizeof(LevelBlock)));
  round_rows(pool, any, x);
  const int64_t row_parts = ceil_div(tiles, kLevelPartTiles), part_tiles = ceil_div(tiles, row_parts);
  LevelCut cuts[kMostProducts];
  int64_t parts = 0, bytes = 0;
  for (int64_t i = 0; i < count; ++i) {
    const Weight& w = products[i].w;
    cuts[i] = cut_levels(products[i], row_parts, pool.threads());
    parts += cuts[i].parts;
    bytes = larger(bytes, level_kernel(w.type).scratch_bytes(part_tiles * kLevelTileRows, dtype_bytes(w.type, w.cols)));
  }
  run_parts(pool, parts * row_parts, [&](int64_t part, int thread) {
    const int64_t tile = part / parts * part_tiles, row = tile * kLevelTileRows;
    int64_t i = 0, piece = part % parts;
    for (; piece >= cuts[i].parts; ++i) piece -= cuts[i].parts;
    const int64_t columns = cuts[i].together * kWide;
    level_kernel(products[i].w.type).part(products[i], x + tile * blocks, row, smaller(part_tiles * kLevelTileRows, any.rows - row),
                                          piece * columns, columns, pool.scratch(thread, static_cast<size_t>(bytes)));
  });
}

// Tiles of the rows row ... row + rows of A, tap by tap, of rounded frames; zero outside.
inline void gather_tiles(const Product& p, const RowLevels* frames, int64_t row, int64_t rows, LevelBlock* to) {
  const int64_t per_frame = p.channels / kLevelBlock, blocks = p.depth() / kLevelBlock;
  for (int64_t r = 0; r < rows; ++r) {
    LevelBlock* tile = to + r / kLevelTileRows * blocks;
    const int in_tile = static_cast<int>(r % kLevelTileRows);
    for (int64_t tap = 0; tap < p.taps; ++tap) {
      const int64_t frame = (row + r) * p.stride - p.pad_left + tap * p.dilation;
      const bool inside = frame >= 0 && frame < p.frames;
      for (int64_t b = 0; b < per_frame; ++b) place(inside ? frames[frame * per_frame + b] : RowLevels{}, in_tile, tile[tap * per_frame + b]);
    }
  }
}

constexpr int64_t kGatheredBytes = 400 << 10;  // tiles of a part: they stay in the L2 cache

// A convolution with rounded frames. Its channels are whole blocks and in one group.
inline void convolve_int8(ThreadPool& pool, const Product& p) {
  auto* frames = static_cast<RowLevels*>(pool.shared(static_cast<size_t>(p.frames * p.channels / kLevelBlock) * sizeof(RowLevels)));
  round_frames(pool, p, frames);
  const int64_t blocks = p.depth() / kLevelBlock, tiles = ceil_div(p.rows, kLevelTileRows);
  const int64_t tile_bytes = blocks * static_cast<int64_t>(sizeof(LevelBlock)), columns = ceil_div(p.w.rows, kWide);
  int64_t part_tiles = smaller(larger<int64_t>(4, smaller(kGatheredBytes / tile_bytes, kLevelPartTiles)), tiles), column_parts = 1;
  const int64_t wanted = pool.threads() == 1 ? 1 : 4 * pool.threads();
  while (ceil_div(tiles, part_tiles) * column_parts < wanted && column_parts < columns) column_parts *= 2;
  const int64_t row_parts = ceil_div(tiles, part_tiles), together = ceil_div(columns, column_parts);
  part_tiles = ceil_div(tiles, row_parts);
  const LevelKernel kernel = level_kernel(p.w.type);
  const int64_t gathered = round_up(part_tiles * tile_bytes, 64);
  const int64_t bytes = gathered + kernel.scratch_bytes(part_tiles * kLevelTileRows, dtype_bytes(p.w.type, p.w.cols));
  run_parts(pool, row_parts * ceil_div(columns, together), [&](int64_t part, int thread) {
    auto* memory = static_cast<char*>(pool.scratch(thread, static_cast<size_t>(bytes)));
    auto* x = reinterpret_cast<LevelBlock*>(memory);
    const int64_t row = part % row_parts * part_tiles * kLevelTileRows, rows = smaller(part_tiles * kLevelTileRows, p.rows - row);
    if (rows <= 0) return;
    gather_tiles(p, frames, row, rows, x);
    kernel.part(p, x, row, rows, part / row_parts * together * kWide, together * kWide, memory + gathered);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
