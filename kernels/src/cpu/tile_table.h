// The ops that multiply by tiles: rounded products of many rows. Anything else is done by a table without tiles, whose bits these have.
#pragma once
#include "cpu/linear.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// By tiles a block of one row costs what sixteen cost, some 30 cycles of Sapphire Rapids by the counts of Intel's optimisation manual (a tile
// loaded 8, stored 16, a product 16, all beside the scaling of the sums, 24), where VNNI takes 5.5 a row and few rows need no opened panel.
constexpr int64_t kLeastTileRows = 9;

const KernelTable& without_tiles() noexcept;

inline ThreadPool& pool_of(Queue& queue) { return static_cast<ThreadPool&>(queue); }

void linears_by_tiles(Queue& queue, const LinearArgs* maps, int64_t count) {
  bool tiles = count > 0 && maps[0].rows >= kLeastTileRows;
  for (int64_t i = 0; i < count; ++i) tiles = tiles && rounds(maps[i]);
  tiles ? linears(pool_of(queue), maps, count) : without_tiles().linears(queue, maps, count);
}

void conv1d_by_tiles(Queue& queue, const Conv1dArgs& a) {
  const Product what{.channels = a.in_channels, .groups = a.groups, .w = a.w, .epilogue = {}};
  const bool tiles = a.out_frames >= kLeastTileRows && convolves_rounded(a.rounding, what);
  tiles ? conv1d(pool_of(queue), a) : without_tiles().conv1d(queue, a);
}

void conv_transpose1d_by_tiles(Queue& queue, const ConvTranspose1dArgs& a) {
  const Product what{.channels = a.in_channels, .w = a.w, .epilogue = {}};
  const bool tiles = a.frames >= kLeastTileRows && convolves_rounded(a.rounding, what);
  tiles ? conv_transpose1d(pool_of(queue), a) : without_tiles().conv_transpose1d(queue, a);
}

KernelTable table_with_tiles(const char* name) {
  KernelTable table = without_tiles();
  table.name = name;
  table.linears = linears_by_tiles;
  table.conv1d = conv1d_by_tiles;
  table.conv_transpose1d = conv_transpose1d_by_tiles;
  return table;
}

// Whether a product of every sort by tiles is that of plain loops.
template <DType type>
bool multiplies_rightly() {
  LevelBlock x;
  PanelBlock<type> w;
  for (int i = 0; i < kLevelTileRows * kLevelBlock; ++i) x.levels[i] = static_cast<Level>(i * 89 % 255 - 127);
  for (int g = 0; g < kGroups; ++g)
    for (int i = 0; i < 4 * kWidth; ++i) w.levels[g][i] = static_cast<uint8_t>(i * 151 + g * 67);
  Ints dot[kLevelTileRows][Format<type>::kScales];
  begin_products<type>();
  multiply_block<type>(x, w, dot);
  end_products();
  bool right = true;
  for (int r = 0; r < kLevelTileRows; ++r) {
    for (int n = 0; n < kWidth; ++n) {
      int32_t want[Format<type>::kScales] = {};
      for (int k = 0; k < kLevelBlock; ++k)
        want[k / Format<type>::kScaleBlock] += x.levels[level_index(r, k)] * static_cast<int8_t>(w.levels[k / 4][4 * n + k % 4]);
      for (int s = 0; s < Format<type>::kScales; ++s) right = right && dot[r][s][n] == want[s];
    }
  }
  return right;
}

}  // namespace

bool tiles_work() { return multiplies_rightly<DType::kQ8_0>() && multiplies_rightly<DType::kQ6_K>(); }

}  // namespace gpa::GPA_ISA_NAMESPACE
