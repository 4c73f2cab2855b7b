// Activations rounded to int8 in blocks of kLevelBlock columns: level = round(x / scale), scale = max |x| / 127.
#pragma once
#include "cpu/int8_panel.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// Rows of levels with what the products need of each block besides:
//   scale [cols / 32]; start: -bias * the levels' sum, where an integer sum begins [cols / scale block];
//   weighed: scale * the levels' sum [cols / 32], for types with minima.
struct LevelRows {
  Level* levels;
  float* scales;
  int32_t* starts;
  float* weighed;
  int64_t cols, starts_row;

  const Level* row_levels(int64_t row) const { return levels + row * cols; }
};

constexpr int64_t level_bytes(int64_t rows, int64_t cols, int64_t scale_block) {
  return round_up(rows * cols * static_cast<int64_t>(sizeof(Level)), 64) + 4 * (round_up(rows * (cols / kLevelBlock), 16) * 2) +
         4 * round_up(rows * (cols / scale_block), 16);
}

inline LevelRows place_levels(char* memory, int64_t rows, int64_t cols, int64_t scale_block) {
  LevelRows to{};
  to.cols = cols;
  to.starts_row = cols / scale_block;
  to.levels = reinterpret_cast<Level*>(memory);
  memory += round_up(rows * cols * static_cast<int64_t>(sizeof(Level)), 64);
  to.scales = reinterpret_cast<float*>(memory);
  to.weighed = to.scales + round_up(rows * (cols / kLevelBlock), 16);
  to.starts = reinterpret_cast<int32_t*>(to.weighed + round_up(rows * (cols / kLevelBlock), 16));
  return to;
}

// Where level k of a block stands.
constexpr int level_place(int k) { return sizeof(Level) == 1 ? k : (k & ~3) + (k & 1) * 2 + (k >> 1 & 1); }

inline void round_block(const float* x, Level* levels, float* scale, int32_t (&sums)[2]) {
  Vec most = Vec::zero();
  for (int i = 0; i < kLevelBlock; i += kWidth) most = max(most, abs(Vec::load(x + i)));
  const float largest = reduce_max(most);
  *scale = largest / 127.0f;
  const Vec inverse = Vec::broadcast(largest > 0 ? 127.0f / largest : 0.0f);
  int32_t rounded[kLevelBlock];
  Ints sum[2] = {};
  for (int i = 0; i < kLevelBlock; i += kWidth) {
    const Ints v = round_small(Vec::load(x + i) * inverse).integer;
    sum[i / 16] += v;
    memcpy(rounded + i, &v, sizeof v);
  }
  for (int half = 0; half < 2; ++half) {
    sums[half] = 0;
    for (int i = 0; i < kWidth; ++i) sums[half] += sum[half][i];
  }
  for (int k = 0; k < kLevelBlock; ++k) levels[level_place(k)] = static_cast<Level>(rounded[k]);
}

// Rounds row `row` of x, `cols` floats (a multiple of 32).
template <DType type>
void round_row(const float* x, int64_t row, const LevelRows& to) {
  using F = Format<type>;
  constexpr int kBias = kUnsignedLevels ? F::kBias : 0;
  const int64_t blocks = to.cols / kLevelBlock;
  for (int64_t b = 0; b < blocks; ++b) {
    int32_t sums[2];
    float* scale = to.scales + row * blocks + b;
    round_block(x + b * kLevelBlock, to.levels + row * to.cols + b * kLevelBlock, scale, sums);
    int32_t* start = to.starts + row * to.starts_row;
    if (F::kScaleBlock == 16) {
      start[2 * b] = -kBias * sums[0];
      start[2 * b + 1] = -kBias * sums[1];
    } else {
      start[b] = -kBias * (sums[0] + sums[1]);
    }
    to.weighed[row * blocks + b] = *scale * static_cast<float>(sums[0] + sums[1]);
  }
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
