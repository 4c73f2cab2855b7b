// Vectors of levels (small integers of 8 bits) and their products. A vector holds kWidth groups of four consecutive
// levels, one group for each of kWidth weight rows; a product adds, for each row, the four products with the same four
// levels of an activation row. Where an instruction multiplies matrices a product takes kProductGroups such vectors, whose
// bytes lie as it wants them, and kProductRows activation rows.
//   with AMX      weights and activations int8, multiplied by tiles (int8_amx.h)
//   with VNNI     weights are unsigned (level + a bias), activations int8
//   with AVX2     weights are int8, activations int16 in the order 0 2 1 3
//   with NEON     weights and activations int8 (dot product instructions)
//   with I8MM     the same by matrix instructions: eight levels of two weight rows, and of two activation rows
//   without all   weights and activations int8
#pragma once
#include "cpu/vec.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

using Bytes = uint8_t __attribute__((vector_size(4 * kWidth)));

inline Bytes bytes_of(Ints v) { return reinterpret_cast<Bytes>(v); }
inline Ints ints_of(Bytes v) { return reinterpret_cast<Ints>(v); }
inline Bytes all_bytes(uint8_t b) { return b - Bytes{}; }
inline Ints all_ints(int32_t i) { return i - Ints{}; }
inline Vec to_floats(Ints v) { return {__builtin_convertvector(v, Floats)}; }

// Rows lie `row_bytes` apart; lane L of the result is the 16 bytes at row 4 L + first.
inline Bytes load_rows(const char* rows, int64_t row_bytes, int first) {
  const char* p = rows + first * row_bytes;
#if defined(GPA_ISA_AVX512)
  const auto at = [&](int lane) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + lane * 4 * row_bytes)); };
  __m512i v = _mm512_castsi128_si512(at(0));
  v = _mm512_inserti32x4(v, at(1), 1);
  v = _mm512_inserti32x4(v, at(2), 2);
  return reinterpret_cast<Bytes>(_mm512_inserti32x4(v, at(3), 3));
#elif defined(GPA_ISA_AVX2)
  const auto at = [&](int lane) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + lane * 4 * row_bytes)); };
  return reinterpret_cast<Bytes>(_mm256_inserti128_si256(_mm256_castsi128_si256(at(0)), at(1), 1));
#else
  Bytes v;
#pragma GCC unroll 4
  for (int lane = 0; lane < kWidth / 4; ++lane) memcpy(reinterpret_cast<char*>(&v) + 16 * lane, p + lane * 4 * row_bytes, 16);
  return v;
#endif
}

// Within each lane of 16 bytes: the first (second) elements of a and b alternately.
template <int Low, int... J>
inline Ints interleave_ints(Ints a, Ints b, Indices<J...>) {
  return __builtin_shufflevector(a, b, ((J & 1 ? kWidth : 0) + (J & ~3) + 2 * Low + (J & 3) / 2)...);
}
using Longs = int64_t __attribute__((vector_size(4 * kWidth)));
template <int Low, int... J>
inline Ints interleave_pairs(Ints a, Ints b, Indices<J...>) {
  return reinterpret_cast<Ints>(__builtin_shufflevector(reinterpret_cast<Longs>(a), reinterpret_cast<Longs>(b),
                                                        ((J & 1 ? kWidth / 2 : 0) + (J & ~1) + Low)...));
}

// v[i] lane L = four groups of row 4 L + i; to[g] = group g of all rows, in order.
inline void transpose_groups(const Bytes (&v)[4], Bytes* to) {
  constexpr auto kLanes = Iota<kWidth>();
  constexpr auto kPairs = Iota<kWidth / 2>();
  const Ints a = ints_of(v[0]), b = ints_of(v[1]), c = ints_of(v[2]), d = ints_of(v[3]);
  const Ints ab0 = interleave_ints<0>(a, b, kLanes), ab1 = interleave_ints<1>(a, b, kLanes);
  const Ints cd0 = interleave_ints<0>(c, d, kLanes), cd1 = interleave_ints<1>(c, d, kLanes);
  to[0] = bytes_of(interleave_pairs<0>(ab0, cd0, kPairs));
  to[1] = bytes_of(interleave_pairs<1>(ab0, cd0, kPairs));
  to[2] = bytes_of(interleave_pairs<0>(ab1, cd1, kPairs));
  to[3] = bytes_of(interleave_pairs<1>(ab1, cd1, kPairs));
}

// v[i] lane L = sixteen levels of row 4 L + i; to[0 ... 3] = the same as products want them.
inline void arrange_levels(const Bytes (&v)[4], Bytes* to) {
#if defined(GPA_ISA_I8MM)
  constexpr auto kPairs = Iota<kWidth / 2>();
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    const Ints a = ints_of(v[2 * i]), b = ints_of(v[2 * i + 1]);
    to[i] = bytes_of(interleave_pairs<0>(a, b, kPairs));
    to[2 + i] = bytes_of(interleave_pairs<1>(a, b, kPairs));
  }
#else
  transpose_groups(v, to);
#endif
}

// v[i] = group i of all rows, in order; to[0 ... 3] likewise as products want them.
inline void arrange_groups(const Bytes (&v)[4], Bytes* to) {
#if defined(GPA_ISA_I8MM)
  constexpr auto kPairs = Iota<kWidth>();
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    const Ints a = ints_of(v[2 * i]), b = ints_of(v[2 * i + 1]);
    to[2 * i] = bytes_of(interleave_ints<0>(a, b, kPairs));
    to[2 * i + 1] = bytes_of(interleave_ints<1>(a, b, kPairs));
  }
#else
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) to[i] = v[i];
#endif
}

// f32 of the f16 in the low half of each element.
inline Vec low_halves(Ints v) {
#if defined(GPA_ISA_AVX512)
  const __m256i halves = _mm512_maskz_cvtepi32_epi16(0xffff, reinterpret_cast<__m512i>(v));
  return {reinterpret_cast<Floats>(_mm512_maskz_cvtph_ps(0xffff, halves))};
#else
  const auto halves = __builtin_convertvector(v & 0xffff, uint16_t __attribute__((vector_size(2 * kWidth))));
  uint16_t lanes[kWidth];
  memcpy(lanes, &halves, sizeof halves);
  return Vec::load_f16(lanes);
#endif
}

// The f16 at the begin of kWidth rows. Sixteen bytes are read of each.
inline Vec load_row_halves(const char* rows, int64_t row_bytes) {
  constexpr auto kLanes = Iota<kWidth>();
  constexpr auto kPairs = Iota<kWidth / 2>();
  const auto row = [&](int first) { return ints_of(load_rows(rows, row_bytes, first)); };
  return low_halves(interleave_pairs<0>(interleave_ints<0>(row(0), row(1), kLanes), interleave_ints<0>(row(2), row(3), kLanes), kPairs));
}

// The same where nothing may be read behind it.
inline Vec load_row_halves_at_end(const char* rows, int64_t row_bytes) {
  uint16_t lanes[kWidth];
#pragma GCC unroll 16
  for (int r = 0; r < kWidth; ++r) memcpy(&lanes[r], rows + r * row_bytes, sizeof(uint16_t));
  return Vec::load_f16(lanes);
}

#if defined(GPA_ISA_AMX)

constexpr bool kUnsignedLevels = false;
using Level = int8_t;

#elif defined(GPA_ISA_AVX512)

constexpr bool kUnsignedLevels = true;
using Level = int8_t;
using Group = Ints;
inline Group open_group(const Bytes* levels) { return ints_of(*levels); }
inline Ints add_products(Ints sum, Group w, const Level* x) {
  int32_t four;
  memcpy(&four, x, sizeof four);
  return reinterpret_cast<Ints>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(w), _mm512_set1_epi32(four)));
}

#elif defined(GPA_ISA_AVXVNNI)

constexpr bool kUnsignedLevels = true;
using Level = int8_t;
using Group = Ints;
inline Group open_group(const Bytes* levels) { return ints_of(*levels); }
inline Ints add_products(Ints sum, Group w, const Level* x) {
  int32_t four;
  memcpy(&four, x, sizeof four);
  return reinterpret_cast<Ints>(_mm256_dpbusd_avx_epi32(reinterpret_cast<__m256i>(sum), reinterpret_cast<__m256i>(w), _mm256_set1_epi32(four)));
}

#elif defined(GPA_ISA_AVX2)

constexpr bool kUnsignedLevels = false;
using Level = int16_t;
struct Group {
  __m256i even, odd;
};
inline Group open_group(const Bytes* levels) {
  const __m256i v = reinterpret_cast<__m256i>(*levels);
  return {_mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8), _mm256_srai_epi16(v, 8)};
}
inline Ints add_products(Ints sum, Group w, const Level* x) {
  int32_t even, odd;
  memcpy(&even, x, sizeof even);
  memcpy(&odd, x + 2, sizeof odd);
  const __m256i products = _mm256_add_epi32(_mm256_madd_epi16(w.even, _mm256_set1_epi32(even)), _mm256_madd_epi16(w.odd, _mm256_set1_epi32(odd)));
  return sum + reinterpret_cast<Ints>(products);
}

#elif defined(GPA_ISA_I8MM)

constexpr bool kUnsignedLevels = false;
constexpr int kProductRows = 2, kProductGroups = 2;
using Level = int8_t;
// Of weight rows 0 and 1, and of 2 and 3.
struct Group {
  int8x16_t low, high;
};
struct Sums {
  int32x4_t low, high;
};
inline Group open_group(const Bytes* levels) { return {reinterpret_cast<int8x16_t>(levels[0]), reinterpret_cast<int8x16_t>(levels[1])}; }
inline Bytes group_of(const Bytes* levels, int g) {
  const int32x4_t low = reinterpret_cast<int32x4_t>(levels[g & ~1]), high = reinterpret_cast<int32x4_t>(levels[g | 1]);
  return reinterpret_cast<Bytes>(g & 1 ? vuzp2q_s32(low, high) : vuzp1q_s32(low, high));
}
inline Sums sums_from(int32_t start) { return {vdupq_n_s32(start), vdupq_n_s32(start)}; }
inline Sums operator+(Sums a, Sums b) { return {a.low + b.low, a.high + b.high}; }
inline Sums add_products(Sums sum, Group w, const Level* x) {
  const int8x16_t rows = vld1q_s8(x);
  return {vmmlaq_s32(sum.low, rows, w.low), vmmlaq_s32(sum.high, rows, w.high)};
}
inline Ints sums_of_row(Sums sum, int row) {
  const int64x2_t low = vreinterpretq_s64_s32(sum.low), high = vreinterpretq_s64_s32(sum.high);
  return reinterpret_cast<Ints>(row == 0 ? vzip1q_s64(low, high) : vzip2q_s64(low, high));
}

#elif defined(GPA_ISA_NEON)

constexpr bool kUnsignedLevels = false;
using Level = int8_t;
using Group = Ints;
inline Group open_group(const Bytes* levels) { return ints_of(*levels); }
inline Ints add_products(Ints sum, Group w, const Level* x) {
  int32_t four;
  memcpy(&four, x, sizeof four);
  return reinterpret_cast<Ints>(vdotq_s32(sum, reinterpret_cast<int8x16_t>(w), vreinterpretq_s8_s32(vdupq_n_s32(four))));
}

#else

constexpr bool kUnsignedLevels = false;
using Level = int8_t;
struct Group {
  Ints level[4];
};
inline Group open_group(const Bytes* levels) {
  const Ints v = ints_of(*levels);
  return {{v << 24 >> 24, v << 16 >> 24, v << 8 >> 24, v >> 24}};
}
inline Ints add_products(Ints sum, const Group& w, const Level* x) {
  return sum + ((w.level[0] * x[0] + w.level[1] * x[1]) + (w.level[2] * x[2] + w.level[3] * x[3]));
}

#endif

#if !defined(GPA_ISA_I8MM)

constexpr int kProductRows = 1, kProductGroups = 1;
using Sums = Ints;
inline Bytes group_of(const Bytes* levels, int g) { return levels[g]; }
inline Sums sums_from(int32_t start) { return all_ints(start); }
inline Ints sums_of_row(Sums sum, int) { return sum; }

#endif

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
