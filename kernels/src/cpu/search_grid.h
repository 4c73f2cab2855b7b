// What the searches of the block encoders stand on: a lane is a sub-block and goes its own way, so that vectors of any width give
// the same bits. (Compiled without contraction of products into sums.)
#pragma once
#include "cpu/vec.h"
#include "quantize/search.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

inline Vec clamp(Vec x, Vec low, Vec high) { return min(max(x, low), high); }
inline Vec nearest(Vec x, Vec low, Vec high) { return round_small(clamp(x, low, high)).value; }

// 1 / x, and 0 for 0.
inline Vec inverse(Vec x) { return {x.v != Floats{} ? 1.0f / x.v : Floats{}}; }
// a / b, and 0 where b is not above 0.
inline Vec ratio(Vec a, Vec b) { return {b.v > Floats{} ? a.v / b.v : Floats{}}; }

inline Vec at(const PerLane& lanes, int first) { return Vec::load(lanes.v + first); }
inline void put(Vec v, PerLane& lanes, int first) { v.store(lanes.v + first); }

// The lanes first ... first + kWidth - 1 of a tile.
struct Part {
  const Tile& tile;
  int first;

  Vec x(int i) const { return at(tile.x[i], first); }
  Vec w(int i) const { return at(tile.w[i], first); }
};

template <class Function>
inline void for_parts(const Tile& tile, Function function) {
  for (int first = 0; first < kLanes; first += kWidth) function(Part{tile, first});
}

// 0, 1, -1, 2, -2, ...: of equal choices the first one is kept.
inline Vec outward(int i) { return Vec::broadcast(static_cast<float>(i % 2 ? (i + 1) / 2 : -i / 2)); }

inline void put_codes(Ints codes, Codes& out, int i, int first) {
  using Bytes = uint8_t __attribute__((vector_size(kWidth)));
  const Bytes bytes = __builtin_convertvector(codes, Bytes);
  memcpy(out.v[i] + first, &bytes, sizeof bytes);
}

// The integers from low to high.
struct IntegerGrid {
  Vec low, high;

  static IntegerGrid of(Levels levels) { return {Vec::broadcast(levels.low), Vec::broadcast(levels.high)}; }
  Vec operator()(Vec x) const { return nearest(x, low, high); }
};

// The levels of IQ4_NL. Middles between neighbours are multiples of 1/2, so that floor(2 x) alone tells which level is nearest
// (in a middle, the higher one). Index: floor(2 x + 256).
constexpr int kHalves = 512;
struct Iq4Table {
  float level[kHalves] = {};
  uint8_t code[kHalves] = {};
  // Of each 16 indices: the level of the first, the level of the last, and the index where it changes.
  float first[kHalves / 16] = {}, last[kHalves / 16] = {}, change[kHalves / 16] = {};

  constexpr Iq4Table() {
    constexpr int8_t kLevels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
    for (int i = 0, c = 0; i < kHalves; ++i) {
      while (c < 15 && i - 256 >= kLevels[c] + kLevels[c + 1]) ++c;
      level[i] = kLevels[c];
      code[i] = static_cast<uint8_t>(c);
    }
    for (int b = 0; b < kHalves / 16; ++b) {
      first[b] = level[16 * b];
      last[b] = level[16 * b + 15];
      int i = 16 * b;
      while (i < kHalves && level[i] == first[b]) ++i;
      change[b] = static_cast<float>(i);
    }
  }
};
constexpr Iq4Table kIq4Table;

struct Iq4Grid {
  static Vec place(Vec x) {
    return clamp(x * Vec::broadcast(2) + Vec::broadcast(256), Vec::zero(), Vec::broadcast(kHalves - 1));
  }
  static Ints index(Vec x) { return __builtin_convertvector(place(x).v, Ints); }

#if defined(GPA_ISA_AVX512)
  static Vec look_up(const float* table, Ints bucket) {
    return {_mm512_permutex2var_ps(_mm512_loadu_ps(table), reinterpret_cast<__m512i>(bucket), _mm512_loadu_ps(table + 16))};
  }
  Vec operator()(Vec x) const {
    const Vec where = place(x);
    const Ints bucket = __builtin_convertvector(where.v, Ints) >> 4;
    return select_less(where, look_up(kIq4Table.change, bucket), look_up(kIq4Table.first, bucket), look_up(kIq4Table.last, bucket));
  }
#else
  Vec operator()(Vec x) const {
    const Ints i = index(x);
    Vec level;
    for (int lane = 0; lane < kWidth; ++lane) level.v[lane] = kIq4Table.level[i[lane]];
    return level;
  }
#endif
};

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
