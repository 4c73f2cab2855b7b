// Panels: kWidth weight rows of a block type, some columns of them, their levels laid out for add_products():
//   levels [columns / 4][kWidth][4], scales and minima [columns / scale block][kWidth] f32.
// x[k] of a row = scale * (level - bias) + min; bias only where levels are unsigned, min only in some types.
#pragma once
#include "block_formats.h"
#include "cpu/int8_vec.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int64_t kLevelBlock = 32;  // columns of an activation's scale

struct Panel {
  uint8_t* levels;
  float* scales;
  float* mins;
};

// What differs between the types.
template <DType type>
struct Format;

template <>
struct Format<DType::kQ8_0> {
  using Stored = BlockQ8_0;
  static constexpr int64_t kScaleBlock = 32;
  static constexpr bool kHasMin = false;
  static constexpr int kBias = 128;
};
template <>
struct Format<DType::kQ4_0> {
  using Stored = BlockQ4_0;
  static constexpr int64_t kScaleBlock = 32;
  static constexpr bool kHasMin = false;
  static constexpr int kBias = 8;
};
template <>
struct Format<DType::kIQ4_NL> {
  using Stored = BlockIQ4_NL;
  static constexpr int64_t kScaleBlock = 32;
  static constexpr bool kHasMin = false;
  static constexpr int kBias = 128;
};
template <>
struct Format<DType::kQ4_K> {
  using Stored = BlockQ4_K;
  static constexpr int64_t kScaleBlock = 32;
  static constexpr bool kHasMin = true;
  static constexpr int kBias = 0;
};
template <>
struct Format<DType::kQ5_K> {
  using Stored = BlockQ5_K;
  static constexpr int64_t kScaleBlock = 32;
  static constexpr bool kHasMin = true;
  static constexpr int kBias = 0;
};
template <>
struct Format<DType::kQ6_K> {
  using Stored = BlockQ6_K;
  static constexpr int64_t kScaleBlock = 16;
  static constexpr bool kHasMin = false;
  static constexpr int kBias = 32;
};

// Levels as the products want them, of unsigned ones with a bias or of signed ones.
template <int kBias>
inline Bytes from_unsigned(Bytes v) {
  return kUnsignedLevels ? v : v - all_bytes(kBias);
}
inline Bytes from_signed(Bytes v) { return kUnsignedLevels ? v ^ all_bytes(128) : v; }

inline Bytes low_nibbles(Bytes v) { return v & all_bytes(15); }
inline Bytes high_nibbles(Bytes v) { return v >> 4; }

// Stores the 16 columns that four transposed vectors hold.
inline void store_columns(Bytes (&v)[4], uint8_t* levels) {
  transpose_groups(v);
#pragma GCC unroll 4
  for (int g = 0; g < 4; ++g) store_bytes(levels + g * 4 * kWidth, v[g]);
}
constexpr int64_t kSixteenColumns = 16 * kWidth;  // bytes

inline Bytes iq4_values(Bytes nibbles) {
#if defined(GPA_ISA_AVX512)
  const __m512i table = _mm512_maskz_broadcast_i32x4(0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(kIq4NlValues)));
  return reinterpret_cast<Bytes>(_mm512_shuffle_epi8(table, reinterpret_cast<__m512i>(nibbles)));
#elif defined(GPA_ISA_AVX2)
  const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kIq4NlValues)));
  return reinterpret_cast<Bytes>(_mm256_shuffle_epi8(table, reinterpret_cast<__m256i>(nibbles)));
#else
  Bytes values;
  for (int i = 0; i < 4 * kWidth; ++i) values[i] = static_cast<uint8_t>(kIq4NlValues[nibbles[i]]);
  return values;
#endif
}

// One stored block of kWidth rows; `rows` points at the first one's.
template <DType type>
inline void open_blocks(const char* rows, int64_t row_bytes, const Panel& to);

template <>
inline void open_blocks<DType::kQ8_0>(const char* rows, int64_t row_bytes, const Panel& to) {
  load_row_halves(rows, row_bytes).store(to.scales);
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    Bytes v[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) v[i] = from_signed(load_rows(rows + 2 + 16 * half, row_bytes, i));
    store_columns(v, to.levels + half * kSixteenColumns);
  }
}

template <>
inline void open_blocks<DType::kQ4_0>(const char* rows, int64_t row_bytes, const Panel& to) {
  load_row_halves(rows, row_bytes).store(to.scales);
  Bytes low[4], high[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const Bytes v = load_rows(rows + 2, row_bytes, i);
    low[i] = from_unsigned<8>(low_nibbles(v));
    high[i] = from_unsigned<8>(high_nibbles(v));
  }
  store_columns(low, to.levels);
  store_columns(high, to.levels + kSixteenColumns);
}

template <>
inline void open_blocks<DType::kIQ4_NL>(const char* rows, int64_t row_bytes, const Panel& to) {
  load_row_halves(rows, row_bytes).store(to.scales);
  Bytes low[4], high[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const Bytes v = load_rows(rows + 2, row_bytes, i);
    low[i] = from_signed(iq4_values(low_nibbles(v)));
    high[i] = from_signed(iq4_values(high_nibbles(v)));
  }
  store_columns(low, to.levels);
  store_columns(high, to.levels + kSixteenColumns);
}

// The first 16 bytes of Q4_K and Q5_K: d, dmin, 8 scales and 8 minima of 6 bits.
inline void open_scales(const char* rows, int64_t row_bytes, const Panel& to) {
  Bytes head[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) head[i] = load_rows(rows, row_bytes, i);
  transpose_groups(head);
  const Ints first = ints_of(head[1]), second = ints_of(head[2]), third = ints_of(head[3]);
  const Vec d = low_halves(ints_of(head[0])), dmin = -low_halves(ints_of(head[0]) >> 16);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const int shift = 8 * j;
    (d * to_floats(first >> shift & 63)).store(to.scales + j * kWidth);
    (dmin * to_floats(second >> shift & 63)).store(to.mins + j * kWidth);
    const Ints scale = (third >> shift & 15) | (first >> (shift + 6) & 3) << 4;
    const Ints min = (third >> (shift + 4) & 15) | (second >> (shift + 6) & 3) << 4;
    (d * to_floats(scale)).store(to.scales + (j + 4) * kWidth);
    (dmin * to_floats(min)).store(to.mins + (j + 4) * kWidth);
  }
}

template <>
inline void open_blocks<DType::kQ4_K>(const char* rows, int64_t row_bytes, const Panel& to) {
  open_scales(rows, row_bytes, to);
  for (int part = 0; part < 8; ++part) {  // 16 bytes: 16 columns of each of two sub-blocks
    Bytes low[4], high[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const Bytes v = load_rows(rows + 16 + 16 * part, row_bytes, i);
      low[i] = low_nibbles(v);
      high[i] = high_nibbles(v);
    }
    uint8_t* levels = to.levels + (part / 2 * 4 + part % 2) * kSixteenColumns;
    store_columns(low, levels);
    store_columns(high, levels + 2 * kSixteenColumns);
  }
}

template <>
inline void open_blocks<DType::kQ5_K>(const char* rows, int64_t row_bytes, const Panel& to) {
  open_scales(rows, row_bytes, to);
  for (int half = 0; half < 2; ++half) {  // of each sub-block
    Bytes bits[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) bits[i] = load_rows(rows + 16 + 16 * half, row_bytes, i);
    for (int pair = 0; pair < 4; ++pair) {
      Bytes low[4], high[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        const Bytes v = load_rows(rows + 48 + 32 * pair + 16 * half, row_bytes, i);
        low[i] = low_nibbles(v) | (bits[i] & all_bytes(1)) << 4;
        high[i] = high_nibbles(v) | (bits[i] & all_bytes(2)) << 3;
        bits[i] = bits[i] >> 2;
      }
      uint8_t* levels = to.levels + (pair * 4 + half) * kSixteenColumns;
      store_columns(low, levels);
      store_columns(high, levels + 2 * kSixteenColumns);
    }
  }
}

template <>
inline void open_blocks<DType::kQ6_K>(const char* rows, int64_t row_bytes, const Panel& to) {
  const Vec d = load_row_halves(rows + 208, row_bytes);
  Bytes scales[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) scales[i] = load_rows(rows + 192, row_bytes, i);
  transpose_groups(scales);
#pragma GCC unroll 16
  for (int j = 0; j < 16; ++j) {
    const Ints scale = ints_of(scales[j / 4]) << (24 - 8 * (j % 4)) >> 24;
    (d * to_floats(scale)).store(to.scales + j * kWidth);
  }
  for (int part = 0; part < 4; ++part) {  // half of the block, half of its sub-blocks of 32
    const int half = part / 2, l = part % 2;
    Bytes bits[4], v[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) bits[i] = load_rows(rows + 128 + 32 * half + 16 * l, row_bytes, i);
    for (int sub = 0; sub < 4; ++sub) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        const Bytes low = load_rows(rows + 64 * half + 32 * (sub % 2) + 16 * l, row_bytes, i);
        v[i] = from_unsigned<32>((sub < 2 ? low_nibbles(low) : high_nibbles(low)) | (bits[i] & all_bytes(3)) << 4);
        bits[i] = bits[i] >> 2;
      }
      store_columns(v, to.levels + (half * 8 + sub * 2 + l) * kSixteenColumns);
    }
  }
}

// Opens columns first_k ... first_k + depth of kWidth rows; both are multiples of the stored block.
template <DType type>
void open_panel(const char* rows, int64_t row_bytes, int64_t first_k, int64_t depth, const Panel& to) {
  using F = Format<type>;
  constexpr int64_t kElements = dtype_block(type).elements, kStored = static_cast<int64_t>(sizeof(typename F::Stored));
  const char* next = rows + kWidth * row_bytes;  // the panel that comes after this one
  for (int64_t b = 0; b < depth / kElements; ++b) {
    const int64_t offset = (first_k / kElements + b) * kStored;
    for (int64_t line = 0; line < kWidth * kStored; line += 64) __builtin_prefetch(next + kWidth * offset + line);
    const Panel at{to.levels + b * kElements * kWidth, to.scales + b * (kElements / F::kScaleBlock) * kWidth,
                   to.mins + b * (kElements / kLevelBlock) * kWidth};
    open_blocks<type>(rows + offset, row_bytes, at);
  }
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
