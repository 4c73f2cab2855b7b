// Activations rounded to int8 in blocks of 32 columns: level = round(x / scale), scale = max |x| / 127.
#pragma once
#include "cpu/int8_panel.h"
#include "rounding.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// Rows are kept in tiles of so many, block by block: one pointer walks along K for all of them.
#if defined(GPA_ISA_AMX)
constexpr int kLevelTileRows = 16;
#else
constexpr int kLevelTileRows = kRegisters == 32 ? 6 : 3;
#endif

static_assert(kLevelTileRows % kProductRows == 0);

// Where sums of products with unsigned levels begin: at minus the bias times the sum of the levels. Scales of 16 columns have a
// bias of 5 bits and a start for each half, others one for each bias that there is.
constexpr int kStarts = 4;
template <class F>
constexpr int kFirstStart = F::kScales == 2 ? 0 : F::kBiasBits == 7 ? 2 : 3;

// The rows of one product lie together, as many columns of each in turn as it takes; `column` is the first of them.
constexpr int kProductColumns = kProductRows == 1 ? kLevelBlock : 4 * kProductGroups;
constexpr int level_index(int row, int column) {
  const int in_product = row % kProductRows;
  return (row - in_product) * kLevelBlock + kProductRows * column + in_product * kProductColumns;
}

struct LevelBlock {
  Level levels[kLevelTileRows * kLevelBlock];  // at level_index()
  float scales[kLevelTileRows];
  float weighed[kLevelTileRows];  // scale * the levels' sum
  int32_t starts[kStarts][kLevelTileRows];
};

// Stores kWidth levels in the order that add_products() wants.
template <int... J>
inline void store_levels(Ints v, Level* to, Indices<J...>) {
  using Narrow = Level __attribute__((vector_size(sizeof(Level) * kWidth)));
  Narrow levels = __builtin_convertvector(v, Narrow);
  if constexpr (sizeof(Level) == 2) levels = __builtin_shufflevector(levels, levels, ((J & ~3) + (J & 1) * 2 + (J >> 1 & 1))...);
  memcpy(to, &levels, sizeof levels);
}

// Of levels: so few are added that floats hold the sum exactly, in any order.
inline int32_t sum_of(Ints levels) {
#if defined(GPA_ISA_AVX512)
  // The instruction adds eight unsigned bytes.
  const __m128i bytes = _mm_xor_si128(_mm512_maskz_cvtepi32_epi8(0xffff, reinterpret_cast<__m512i>(levels)), _mm_set1_epi8(-128));
  const __m128i sums = _mm_sad_epu8(bytes, _mm_setzero_si128());
  return _mm_cvtsi128_si32(_mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums))) - kWidth * 128;
#else
  return static_cast<int32_t>(reduce_add(to_floats(levels)));
#endif
}

// 32 columns of one row.
struct RowLevels {
  Level levels[kLevelBlock];
  float scale, weighed;
  int32_t starts[kStarts];
};

inline RowLevels round_block(const float* x) {
  RowLevels to;
  Ints most{};  // as integers magnitudes have the order of floats, and above them all infinity and then NaN
  for (int i = 0; i < kLevelBlock; i += kWidth) {
    const Ints magnitude = bits_of(abs(Vec::load(x + i)));
    most = most > magnitude ? most : magnitude;
  }
  const float largest = __builtin_bit_cast(float, reduce_max(most));
  const bool counts = largest >= kLeastRounded;
  const Vec inverse = Vec::broadcast(counts ? 127.0f / largest : 0.0f), highest = Vec::broadcast(127.0f);
  int32_t sum[2];
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    Ints sums{};
    for (int i = 16 * half; i < 16 * half + 16; i += kWidth) {
      // Finite values lie within already; others must not make levels that no level can be. max() takes -127 for NaN.
      const Ints v = round_small(min(highest, max(Vec::load(x + i) * inverse, -highest))).integer;
      store_levels(v, to.levels + i, Iota<kWidth>());
      sums += v;
    }
    sum[half] = sum_of(sums);
  }
  const int32_t all = sum[0] + sum[1];
  to.starts[0] = -32 * sum[0];
  to.starts[1] = -32 * sum[1];
  to.starts[2] = -128 * all;
  to.starts[3] = -8 * all;
  to.scale = (counts ? largest / 127.0f : 0.0f) + (largest - largest);  // NaN where a value is not finite
  to.weighed = to.scale * static_cast<float>(all);
  return to;
}

inline void place(const RowLevels& from, int row, LevelBlock& to) {
#pragma GCC unroll 4
  for (int c = 0; c < kLevelBlock; c += kProductColumns) memcpy(to.levels + level_index(row, c), from.levels + c, kProductColumns * sizeof(Level));
  to.scales[row] = from.scale;
  to.weighed[row] = from.weighed;
#pragma GCC unroll 4
  for (int i = 0; i < kStarts; ++i) to.starts[i][row] = from.starts[i];
}

// sum + one block's products: its exact integer sums, scaled, and its minimum.
template <DType type>
inline Vec add_block(Vec sum, const Ints (&dot)[Format<type>::kScales], const PanelScales<type>& scales, const LevelBlock& x, int row) {
#pragma GCC unroll 2
  for (int s = 0; s < Format<type>::kScales; ++s)
    sum = fma(to_floats(dot[s]) * Vec::load(scales.scales[s]), Vec::broadcast(x.scales[row]), sum);
  if constexpr (Format<type>::kHasMin) sum = fma(Vec::load(scales.mins), Vec::broadcast(x.weighed[row]), sum);
  return sum;
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
