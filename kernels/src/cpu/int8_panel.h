// Panels: kWidth weight rows of a block type, opened for add_products(), 32 columns after another.
#pragma once
#include "block_formats.h"
#include "cpu/int8_vec.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int kLevelBlock = 32;  // columns of a panel's block, and of an activation's scale
constexpr int kGroups = kLevelBlock / 4;

// What differs between the types: columns of a scale, whether there is a minimum, the bias of unsigned levels (2^bias_bits,
// or none), and how many blocks of 32 columns are opened together because they share bytes.
template <int scale_block, bool has_min, int bias_bits, int unit_blocks>
struct FormatOf {
  static constexpr int kScaleBlock = scale_block, kScales = kLevelBlock / scale_block, kUnitBlocks = unit_blocks;
  static constexpr int kBiasBits = bias_bits, kBias = bias_bits ? 1 << bias_bits : 0;
  static constexpr bool kHasMin = has_min;
};
template <DType type>
struct Format;
template <>
struct Format<DType::kQ8_0> : FormatOf<32, false, 7, 1> {};
template <>
struct Format<DType::kQ4_0> : FormatOf<32, false, 3, 1> {};
template <>
struct Format<DType::kIQ4_NL> : FormatOf<32, false, 7, 1> {};
template <>
struct Format<DType::kQ4_K> : FormatOf<32, true, 0, 2> {};
template <>
struct Format<DType::kQ5_K> : FormatOf<32, true, 0, 2> {};
template <>
struct Format<DType::kQ6_K> : FormatOf<16, false, 5, 2> {};

template <bool kHasMin>
struct PanelMins {};
template <>
struct PanelMins<true> {
  alignas(4 * kWidth) float mins[kWidth];
};

// Of 32 columns of kWidth rows: x = scale * (level - bias) + min; bias only where levels are unsigned, min only in some types.
template <DType type>
struct PanelScales : PanelMins<Format<type>::kHasMin> {
  alignas(4 * kWidth) float scales[Format<type>::kScales][kWidth];
};
template <DType type>
struct PanelBlock : PanelScales<type> {
  Bytes levels[kGroups];
};

// Blocks of 32 columns that a stored block has.
template <DType type>
constexpr int kStoredBlocks = static_cast<int>(dtype_block(type).elements) / kLevelBlock;

// Levels as the products want them, of unsigned ones with a bias or of signed ones.
template <int kBias>
inline Bytes from_unsigned(Bytes v) {
  return kUnsignedLevels ? v : v - all_bytes(kBias);
}
inline Bytes from_signed(Bytes v) { return kUnsignedLevels ? v ^ all_bytes(128) : v; }

// Level k < 4 of each row's group, with its bias where levels are unsigned.
inline Vec level_of(Bytes group, int k) {
  const Ints v = ints_of(group);
  return to_floats(kUnsignedLevels ? v >> 8 * k & 255 : v << (24 - 8 * k) >> 24);
}

inline Bytes low_nibbles(Bytes v) { return v & all_bytes(15); }
inline Bytes high_nibbles(Bytes v) { return v >> 4 & all_bytes(15); }

inline Bytes iq4_values(Bytes nibbles) {
#if defined(GPA_ISA_AVX512)
  const __m512i table = _mm512_maskz_broadcast_i32x4(0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(kIq4NlValues)));
  return reinterpret_cast<Bytes>(_mm512_shuffle_epi8(table, reinterpret_cast<__m512i>(nibbles)));
#elif defined(GPA_ISA_AVX2)
  const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kIq4NlValues)));
  return reinterpret_cast<Bytes>(_mm256_shuffle_epi8(table, reinterpret_cast<__m256i>(nibbles)));
#elif defined(GPA_ISA_NEON)
  return reinterpret_cast<Bytes>(vqtbl1q_s8(vld1q_s8(kIq4NlValues), nibbles));
#else
  Bytes values;
  for (int i = 0; i < 4 * kWidth; ++i) values[i] = static_cast<uint8_t>(kIq4NlValues[nibbles[i]]);
  return values;
#endif
}

// A stored block of kWidth rows. load(offset, i), i < 4: a part of each row's bytes offset ... offset + 16, arrange() makes of the four parts,
// or of what became of them byte by byte, what products want.

// Of rows as they lie in a file, row_bytes apart: lane L of a part is row 4 L + i.
struct StoredBlock {
  const char* at;
  int64_t row_bytes;

  Bytes load(int64_t offset, int i) const { return load_rows(at + offset, row_bytes, i); }
  static void arrange(const Bytes (&v)[4], Bytes* to) { arrange_levels(v, to); }
  void groups(int64_t offset, Bytes (&to)[4]) const {
    const Bytes v[4] = {load(offset, 0), load(offset, 1), load(offset, 2), load(offset, 3)};
    transpose_groups(v, to);
  }
  // The f16 there. Sixteen bytes are read of each row, but at the end of a block.
  Vec halves(int64_t offset) const { return load_row_halves(at + offset, row_bytes); }
  Vec halves_at_end(int64_t offset) const { return load_row_halves_at_end(at + offset, row_bytes); }
};

// Of a panel that pack_panel() made: the bytes at an offset of all rows lie at kWidth times the offset, in groups of four (or two, if
// they are a scale), so that a part is a group of each row.
struct PackedBlock {
  const char* at;

  Bytes load(int64_t offset, int i) const {
    Bytes v;
    memcpy(&v, at + (offset + 4 * i) * kWidth, sizeof v);
    return v;
  }
  static void arrange(const Bytes (&v)[4], Bytes* to) { arrange_groups(v, to); }
  void groups(int64_t offset, Bytes (&to)[4]) const {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) to[i] = load(offset, i);
  }
  Vec halves(int64_t offset) const { return Vec::load_f16(reinterpret_cast<const uint16_t*>(at + offset * kWidth)); }
  Vec halves_at_end(int64_t offset) const { return halves(offset); }
};

// Levels of sixteen columns: map(i, a part).
template <class Source, class Map>
inline __attribute__((always_inline)) void open_half(const Source& block, int64_t offset, Bytes* to, const Map& map) {
  Bytes v[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) v[i] = map(i, block.load(offset, i));
  Source::arrange(v, to);
}
// The same with two results: of the low and of the high half of each byte.
template <class Source, class Low, class High>
inline __attribute__((always_inline)) void open_halves(const Source& block, int64_t offset, Bytes* low_to, Bytes* high_to, const Low& low,
                                                       const High& high) {
  Bytes a[4], b[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const Bytes v = block.load(offset, i);
    a[i] = low(i, v);
    b[i] = high(i, v);
  }
  Source::arrange(a, low_to);
  Source::arrange(b, high_to);
}

// Opens a stored block of kWidth rows.
//   scales(block, to): to[kStoredBlocks]
//   unit(block, u, to): the levels of blocks block_of(u, 0 ... kUnitBlocks - 1)
template <DType type>
struct Opener;

struct OpenOneScale {
  template <class Source, DType type>
  static inline __attribute__((always_inline)) void scales(const Source& block, PanelScales<type>* to) {
    block.halves(0).store(to->scales[0]);
  }
  static constexpr int block_of(int, int) { return 0; }
};

template <>
struct Opener<DType::kQ8_0> : OpenOneScale {
  template <class Source>
  static inline __attribute__((always_inline)) void unit(const Source& block, int, Bytes (&to)[1][kGroups]) {
    const auto level = [](int, Bytes v) { return from_signed(v); };
    open_half(block, 2, to[0], level);
    open_half(block, 18, to[0] + 4, level);
  }
};

template <>
struct Opener<DType::kQ4_0> : OpenOneScale {
  template <class Source>
  static inline __attribute__((always_inline)) void unit(const Source& block, int, Bytes (&to)[1][kGroups]) {
    open_halves(block, 2, to[0], to[0] + 4, [](int, Bytes v) { return from_unsigned<8>(low_nibbles(v)); },
                [](int, Bytes v) { return from_unsigned<8>(high_nibbles(v)); });
  }
};

template <>
struct Opener<DType::kIQ4_NL> : OpenOneScale {
  template <class Source>
  static inline __attribute__((always_inline)) void unit(const Source& block, int, Bytes (&to)[1][kGroups]) {
    open_halves(block, 2, to[0], to[0] + 4, [](int, Bytes v) { return from_signed(iq4_values(low_nibbles(v))); },
                [](int, Bytes v) { return from_signed(iq4_values(high_nibbles(v))); });
  }
};

// Q4_K and Q5_K begin with 16 bytes: d, dmin, 8 scales and 8 minima of 6 bits. Units are pairs of sub-blocks.
struct OpenScalesAndMins {
  template <class Source, DType type>
  static inline __attribute__((always_inline)) void scales(const Source& block, PanelScales<type>* to) {
    Bytes head[4];
    block.groups(0, head);
    const Ints first = ints_of(head[1]), second = ints_of(head[2]), third = ints_of(head[3]);
    const Vec d = low_halves(ints_of(head[0])), dmin = -low_halves(ints_of(head[0]) >> 16);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const int shift = 8 * j;
      (d * to_floats(first >> shift & 63)).store(to[j].scales[0]);
      (dmin * to_floats(second >> shift & 63)).store(to[j].mins);
      const Ints scale = (third >> shift & 15) | (first >> (shift + 6) & 3) << 4;
      const Ints min = (third >> (shift + 4) & 15) | (second >> (shift + 6) & 3) << 4;
      (d * to_floats(scale)).store(to[j + 4].scales[0]);
      (dmin * to_floats(min)).store(to[j + 4].mins);
    }
  }
  static constexpr int block_of(int unit, int i) { return 2 * unit + i; }
};

template <>
struct Opener<DType::kQ4_K> : OpenScalesAndMins {
  template <class Source>
  static inline __attribute__((always_inline)) void unit(const Source& block, int unit, Bytes (&to)[2][kGroups]) {
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half)
      open_halves(block, 16 + 32 * unit + 16 * half, to[0] + 4 * half, to[1] + 4 * half,
                  [](int, Bytes v) { return low_nibbles(v); }, [](int, Bytes v) { return high_nibbles(v); });
  }
};

template <>
struct Opener<DType::kQ5_K> : OpenScalesAndMins {
  template <class Source>
  static inline __attribute__((always_inline)) void unit(const Source& block, int unit, Bytes (&to)[2][kGroups]) {
    const auto fifth = [&](Bytes bits, int sub) { return (bits >> sub & all_bytes(1)) << 4; };
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      Bytes bits[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) bits[i] = block.load(16 + 16 * half, i);
      open_halves(block, 48 + 32 * unit + 16 * half, to[0] + 4 * half, to[1] + 4 * half,
                  [&](int i, Bytes v) { return low_nibbles(v) | fifth(bits[i], 2 * unit); },
                  [&](int i, Bytes v) { return high_nibbles(v) | fifth(bits[i], 2 * unit + 1); });
    }
  }
};

// Units are sub-blocks i and i + 2 (i = 0, 1) of one half: the low and the high nibbles of the same bytes.
template <>
struct Opener<DType::kQ6_K> {
  template <class Source>
  static inline __attribute__((always_inline)) void scales(const Source& block, PanelScales<DType::kQ6_K>* to) {
    const Vec d = block.halves_at_end(208);
    Bytes scales[4];
    block.groups(192, scales);
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j) {
      const Ints scale = ints_of(scales[j / 4]) << (24 - 8 * (j % 4)) >> 24;
      (d * to_floats(scale)).store(to[j / 2].scales[j % 2]);
    }
  }
  static constexpr int block_of(int unit, int i) { return unit / 2 * 4 + unit % 2 + 2 * i; }

  template <class Source>
  static inline __attribute__((always_inline)) void unit(const Source& block, int unit, Bytes (&to)[2][kGroups]) {
    const int n = unit / 2, sub = unit % 2;
    const auto high_bits = [&](Bytes bits, int shift) { return (bits >> shift & all_bytes(3)) << 4; };
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      Bytes bits[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) bits[i] = block.load(128 + 32 * n + 16 * half, i);
      open_halves(block, 64 * n + 32 * sub + 16 * half, to[0] + 4 * half, to[1] + 4 * half,
                  [&](int i, Bytes v) { return from_unsigned<32>(low_nibbles(v) | high_bits(bits[i], 2 * sub)); },
                  [&](int i, Bytes v) { return from_unsigned<32>(high_nibbles(v) | high_bits(bits[i], 2 * sub + 4)); });
    }
  }
};

// Bytes that are asked for ahead of those at hand, in the order of a packed panel; panels of one tensor follow each other.
constexpr int64_t kAheadBytes = 4352;

// Asks for the memory of a stored block that products will come to.
template <DType type>
inline void prefetch_ahead(const char* at) {
  constexpr int64_t kBytes = kWidth * dtype_block(type).bytes;
#pragma GCC unroll 2
  for (int64_t line = 0; line < kBytes; line += 64) __builtin_prefetch(at + kAheadBytes + line, 0, 0);
}

// Rows of a file into a panel: `depth` columns from first_k on, both whole stored blocks, of `count` <= kWidth rows; the others are zero.
template <DType type>
void pack_panel(const char* rows, int64_t row_bytes, int64_t first_k, int64_t depth, int64_t count, char* to) {
  constexpr Block kBlockOf = dtype_block(type);
  // What is no group of four bytes is a scale of two, at the begin or at the end.
  constexpr bool kHalf = kBlockOf.bytes % 4 != 0;
  constexpr int64_t kGroupsAt = kHalf && kBlockOf.scale_offset == 0 ? 2 : 0;
  for (int64_t b = 0; b < depth / kBlockOf.elements; ++b, to += kWidth * kBlockOf.bytes) {
    const int64_t begin = (first_k / kBlockOf.elements + b) * kBlockOf.bytes;
    const char* from = rows + begin;
    for (int64_t line = 0; line < kWidth * kBlockOf.bytes; line += 64) __builtin_prefetch(rows + kWidth * (row_bytes + begin) + line);
    char padded[kWidth * kBlockOf.bytes];
    int64_t from_bytes = row_bytes;
    if (count < kWidth) {
      memset(padded, 0, sizeof padded);
      for (int64_t r = 0; r < count; ++r) memcpy(padded + r * kBlockOf.bytes, from + r * row_bytes, kBlockOf.bytes);
      from = padded;
      from_bytes = kBlockOf.bytes;
    }
    if constexpr (kHalf)
      for (int r = 0; r < kWidth; ++r) memcpy(to + kBlockOf.scale_offset * kWidth + 2 * r, from + r * from_bytes + kBlockOf.scale_offset, 2);
    for (int64_t offset = kGroupsAt; offset + 16 <= kBlockOf.bytes; offset += 16) {
      Bytes groups[4];
      StoredBlock{from, from_bytes}.groups(offset, groups);
      memcpy(to + offset * kWidth, groups, sizeof groups);
    }
  }
}

// Opens the first `depth` columns of a packed panel, a multiple of the stored block.
template <DType type>
void open_panel(const char* panel, int64_t depth, PanelBlock<type>* to) {
  constexpr int64_t kElements = dtype_block(type).elements, kPanelBytes = kWidth * dtype_block(type).bytes;
  constexpr int kUnitBlocks = Format<type>::kUnitBlocks;
  for (int64_t b = 0; b < depth / kElements; ++b, to += kStoredBlocks<type>, panel += kPanelBytes) {
    prefetch_ahead<type>(panel);
    const PackedBlock block{panel};
    PanelScales<type> scales[kStoredBlocks<type>];
    Opener<type>::scales(block, scales);
#pragma GCC unroll 8
    for (int j = 0; j < kStoredBlocks<type>; ++j) static_cast<PanelScales<type>&>(to[j]) = scales[j];
    for (int unit = 0; unit < kStoredBlocks<type> / kUnitBlocks; ++unit) {
      Bytes levels[kUnitBlocks][kGroups];
      Opener<type>::unit(block, unit, levels);
#pragma GCC unroll 2
      for (int i = 0; i < kUnitBlocks; ++i)
#pragma GCC unroll 8
        for (int g = 0; g < kGroups; ++g) to[Opener<type>::block_of(unit, i)].levels[g] = levels[i][g];
    }
  }
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
