// The ops that multiply by tiles: rounded products of many rows, which have the bits of a table without, and exact convolutions of any number
// of frames, which have their own. Anything else is done by the table without tiles: decoding multiplies one row as it does many.
#pragma once
#include "cpu/linear.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// By tiles a block of one row costs what sixteen cost, some 30 cycles of Sapphire Rapids by the counts of Intel's optimisation manual (a tile
// loaded 8, stored 16, a product 16, all beside the scaling of the sums, 24), where VNNI takes 5.5 a row and few rows need no opened panel.
constexpr int64_t kLeastTileRows = 9;

// An exact product of 32 x 32 sums takes 64 cycles a pair of parts for 32 columns of K or fewer, so 384 with weights in F32, where two FMA a
// cycle take 32 a column; splitting x comes on top. Not a matter of rows: a row has one way alone and among others.
constexpr int64_t kLeastTileDepth = 64;

const KernelTable& without_tiles() noexcept;

inline bool exact_by_tiles(const Weight& w) { return w.cols >= kLeastTileDepth; }

inline ThreadPool& pool_of(Queue& queue) { return static_cast<ThreadPool&>(queue); }

void linears_by_tiles(Queue& queue, const LinearArgs* maps, int64_t count) {
  bool tiles = count > 0 && maps[0].rows >= kLeastTileRows;
  for (int64_t i = 0; i < count; ++i) tiles = tiles && rounds(maps[i]);
  tiles ? linears(pool_of(queue), maps, count) : without_tiles().linears(queue, maps, count);
}

template <bool exact>
void conv1d_by_tiles(Queue& queue, const Conv1dArgs& a) {
  const Product what{.channels = a.in_channels, .groups = a.groups, .w = a.w, .epilogue = {}};
  const bool tiles = convolves_rounded(a.rounding, what) ? a.out_frames >= kLeastTileRows : exact && exact_by_tiles(a.w);
  tiles ? conv1d(pool_of(queue), a) : without_tiles().conv1d(queue, a);
}

template <bool exact>
void conv_transpose1d_by_tiles(Queue& queue, const ConvTranspose1dArgs& a) {
  const Product what{.channels = a.in_channels, .w = a.w, .epilogue = {}};
  const bool tiles = convolves_rounded(a.rounding, what) ? a.frames >= kLeastTileRows : exact && exact_by_tiles(a.w);
  tiles ? conv_transpose1d(pool_of(queue), a) : without_tiles().conv_transpose1d(queue, a);
}

template <bool exact>
KernelTable table_with_tiles(const char* name) {
  KernelTable table = without_tiles();
  table.name = name;
  table.linears = linears_by_tiles;
  table.conv1d = conv1d_by_tiles<exact>;
  table.conv_transpose1d = conv_transpose1d_by_tiles<exact>;
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

// Likewise of bf16, in whole numbers.
bool multiplies_exactly() {
  constexpr int64_t kTrialSteps = 2;
  SplitRows x[2], w[2];
  float c[kPairRows][kPanel];
  const auto value = [](int64_t tile, int64_t row, int64_t k, int part) {
    return static_cast<int>((tile * 5 + row * 7 + k * 11 + part * 3) % 17 - 8);
  };
  const auto bf16 = [](int v) { return static_cast<uint16_t>(bits_of(Vec::broadcast(static_cast<float>(v)))[0] >> 16); };
  for (int64_t i = 0; i < 2 * kMostTileRows * kTrialSteps * kStep * kMostParts; ++i) {
    const int64_t tile = i % 2, row = i / 2 % kMostTileRows, k = i / kPairRows % (kTrialSteps * kStep);
    const int part = static_cast<int>(i / kPairRows / (kTrialSteps * kStep));
    x[tile].tiles[k / kStep][part].values[row * kStep + k % kStep] = bf16(value(tile, row, k, part));
    w[tile].tiles[k / kStep][part].values[k % kStep / 2 * kStep + 2 * row + k % 2] = bf16(value(tile + 2, row, k, part));
  }
  begin_exact_products();
  for (int round = 0; round < 2; ++round) multiply_split(x, w, kMostParts, kTrialSteps, c[0], kPanel, round > 0);
  end_exact_products();
  bool right = true;
  for (int64_t r = 0; r < kPairRows; ++r) {
    for (int64_t n = 0; n < kPanel; ++n) {
      int want = 0;
      for (int64_t k = 0; k < kTrialSteps * kStep; ++k)
        for (int i = 0; i < kMostParts; ++i)
          for (int j = 0; i + j < kMostParts; ++j)
            want += 2 * value(r / kMostTileRows, r % kMostTileRows, k, i) * value(n / kWidth + 2, n % kWidth, k, j);
      right = right && c[r][n] == static_cast<float>(want);
    }
  }
  return right;
}

}  // namespace

bool exact_tiles_work() { return multiplies_exactly(); }
bool tiles_work() { return multiplies_rightly<DType::kQ8_0>() && multiplies_rightly<DType::kQ6_K>(); }

}  // namespace gpa::GPA_ISA_NAMESPACE
