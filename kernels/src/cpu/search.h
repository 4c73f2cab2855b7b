// The searches of the block encoders: a lane is a sub-block and goes its own way, so that vectors of any width give the same
// bits. Compiled without contraction of products into sums.
#pragma once
#include "cpu/vec.h"
#include "quantize/search.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

inline Vec nearest(Vec x, Vec low, Vec high) { return round_small(min(max(x, low), high)).value; }

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

struct IntegerGrid {
  Vec low, high;
  static IntegerGrid of(Levels levels) { return {Vec::broadcast(levels.low), Vec::broadcast(levels.high)}; }
  Vec operator()(Vec x) const { return nearest(x, low, high); }
};

// Middles between neighbouring levels are multiples of 1/2: which level is nearest depends on floor(2 x) alone (in a middle,
// the higher one). Index: 2 x + 256.
constexpr int kHalves = 512;
constexpr int8_t kIq4Levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
struct HalvesTable {
  float level[kHalves];
  uint8_t code[kHalves];

  constexpr HalvesTable() : level(), code() {
    for (int i = 0, c = 0; i < kHalves; ++i) {
      while (c < 15 && i - 256 >= kIq4Levels[c] + kIq4Levels[c + 1]) ++c;
      level[i] = kIq4Levels[c];
      code[i] = static_cast<uint8_t>(c);
    }
  }
};
constexpr HalvesTable kHalvesTable;

inline Ints half_index(Vec x) {
  const Vec index = min(max(x * Vec::broadcast(2) + Vec::broadcast(256), Vec::zero()), Vec::broadcast(kHalves - 1));
  return __builtin_convertvector(index.v, Ints);
}

inline Vec look_up(const float* table, Ints index) {
#if defined(GPA_ISA_AVX512)
  return {reinterpret_cast<Floats>(_mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xffff, reinterpret_cast<__m512i>(index), table, 4))};
#elif defined(GPA_ISA_AVX2)
  return {reinterpret_cast<Floats>(_mm256_i32gather_ps(table, reinterpret_cast<__m256i>(index), 4))};
#else
  Vec r;
  for (int i = 0; i < kWidth; ++i) r.v[i] = table[index[i]];
  return r;
#endif
}

struct Iq4Grid {
  Vec operator()(Vec x) const { return look_up(kHalvesTable.level, half_index(x)); }
};

// Sums of w x q and w q^2: with the best scale for these q the error is sum w x^2 - gain().
struct Moments {
  Vec xq, qq;

  Vec scale() const { return ratio(xq, qq); }
  Vec gain() const { return ratio(xq * xq, qq); }
};

template <class Grid>
inline Moments moments(const Part& part, Grid grid, Vec inverse_scale) {
  Moments m{Vec::zero(), Vec::zero()};
  for (int i = 0; i < part.tile.size; ++i) {
    const Vec x = part.x(i), q = grid(x * inverse_scale), wq = part.w(i) * q;
    m.xq = m.xq + wq * x;
    m.qq = m.qq + wq * q;
  }
  return m;
}

inline void keep_better(Moments& best, Vec& gain, const Moments& tried) {
  const Vec other = tried.gain();
  best.xq = select_less(gain, other, tried.xq, best.xq);
  best.qq = select_less(gain, other, tried.qq, best.qq);
  gain = max(other, gain);
}

// Of scales that put the value of the largest magnitude at the lowest level or at the highest, or `steps` times `step` levels
// off, the best; then scale and levels are fitted to each other.
template <class Grid>
inline void search(const Tile& tile, Grid grid, Levels levels, int steps, float step, PerLane& scale) {
  for_parts(tile, [&](const Part& part) {
    Vec extreme = Vec::zero();
    for (int i = 0; i < tile.size; ++i) extreme = select_less(abs(extreme), abs(part.x(i)), part.x(i), extreme);
    const Vec unit = inverse(extreme);
    Moments best{Vec::zero(), Vec::zero()};
    Vec gain = Vec::zero();
    for (int end = 0; end < 2; ++end) {
      for (int i = -steps; i <= steps; ++i) {
        const float level = (end ? levels.high : levels.low) + step * static_cast<float>(i);
        keep_better(best, gain, moments(part, grid, Vec::broadcast(level) * unit));
      }
    }
    for (int round = 0; round < 2; ++round) keep_better(best, gain, moments(part, grid, inverse(best.scale())));
    put(best.scale(), scale, part.first);
  });
}

void search_scale(const Tile& tile, Levels levels, PerLane& scale) {
  if (levels.high < 8)
    search(tile, IntegerGrid::of(levels), levels, 9, 0.1f, scale);
  else
    search(tile, IntegerGrid::of(levels), levels, 4, 0.25f, scale);
}

void search_scale_iq4_nl(const Tile& tile, PerLane& scale) { search(tile, Iq4Grid{}, {-127, 113}, 9, 1.5f, scale); }

inline Vec error_of(const Part& part, const IntegerGrid& grid, Vec scale, Vec min) {
  const Vec inverse_scale = inverse(scale);
  Vec error = Vec::zero();
  for (int i = 0; i < part.tile.size; ++i) {
    const Vec x = part.x(i), difference = x - (scale * grid((x + min) * inverse_scale) - min);
    error = error + part.w(i) * difference * difference;
  }
  return error;
}

void choose_scale(const Tile& tile, Levels levels, const PerLane& unit, const PerLane& wanted, PerLane& s, PerLane& error) {
  const IntegerGrid grid = IntegerGrid::of(levels);
  const Vec low = Vec::broadcast(-128), high = Vec::broadcast(127);
  for_parts(tile, [&](const Part& part) {
    const Vec d = at(unit, part.first), middle = nearest(at(wanted, part.first) * inverse(d), low, high);
    Vec best = Vec::zero(), least = Vec::broadcast(__builtin_inff());
    for (int step = -2; step <= 2; ++step) {
      const Vec tried = min(max(middle + Vec::broadcast(static_cast<float>(step)), low), high);
      const Vec left = error_of(part, grid, tried * d, Vec::zero());
      best = select_less(left, least, tried, best);
      least = min(left, least);
    }
    put(best, s, part.first);
    put(least, error, part.first);
  });
}

struct PartSums {
  Vec w, x, q, xq, qq;
};

inline PartSums sums_of(const Part& part, const IntegerGrid& grid, Vec inverse_scale, Vec min) {
  PartSums s{Vec::zero(), Vec::zero(), Vec::zero(), Vec::zero(), Vec::zero()};
  for (int i = 0; i < part.tile.size; ++i) {
    const Vec x = part.x(i), w = part.w(i), q = grid((x + min) * inverse_scale), wx = w * x, wq = w * q;
    s.w = s.w + w;
    s.x = s.x + wx;
    s.q = s.q + wq;
    s.xq = s.xq + wx * q;
    s.qq = s.qq + wq * q;
  }
  return s;
}

struct PartFit {
  Vec scale, min;
};

// The scale and min >= 0 with the least error for the levels that the sums are of.
inline PartFit best_fit(const PartSums& s) {
  const Vec determinant = s.w * s.qq - s.q * s.q;
  const Vec scale = ratio(s.w * s.xq - s.x * s.q, determinant), low = ratio(s.q * s.xq - s.qq * s.x, determinant);
  const Vec alone = ratio(s.xq, s.qq);
  const Vec zero = Vec::zero();
  return {max(select_less(low, zero, alone, scale), zero), max(low, zero)};
}

void search_fit(const Tile& tile, float most, Fit& fit) {
  const IntegerGrid grid = IntegerGrid::of({0, most});
  for_parts(tile, [&](const Part& part) {
    Vec lowest = Vec::zero(), highest = part.x(0);
    for (int i = 0; i < tile.size; ++i) {
      lowest = min(part.x(i), lowest);
      highest = max(part.x(i), highest);
    }
    const Vec low = -lowest, range = highest + low, unit = inverse(range);
    PartFit best{range * Vec::broadcast(1 / most), low};
    Vec least = error_of(part, grid, best.scale, low);
    for (int i = -10; i <= 10; ++i) {
      const PartFit tried = best_fit(sums_of(part, grid, Vec::broadcast(most + 0.1f * static_cast<float>(i)) * unit, low));
      const Vec left = error_of(part, grid, tried.scale, tried.min);
      best = {select_less(left, least, tried.scale, best.scale), select_less(left, least, tried.min, best.min)};
      least = min(left, least);
    }
    put(best.scale, fit.scale, part.first);
    put(best.min, fit.min, part.first);
  });
}

void choose_fit(const Tile& tile, float most, const Fit& unit, const Fit& wanted, Fit& s, PerLane& error) {
  const IntegerGrid grid = IntegerGrid::of({0, most});
  const Vec low = Vec::zero(), high = Vec::broadcast(63);
  for_parts(tile, [&](const Part& part) {
    const Vec d = at(unit.scale, part.first), dmin = at(unit.min, part.first);
    const Vec s0 = nearest(at(wanted.scale, part.first) * inverse(d), low, high);
    const Vec m0 = nearest(at(wanted.min, part.first) * inverse(dmin), low, high);
    PartFit best{low, low};
    Vec least = Vec::broadcast(__builtin_inff());
    for (int i = -1; i <= 1; ++i) {
      for (int j = -1; j <= 1; ++j) {
        const Vec si = min(max(s0 + Vec::broadcast(static_cast<float>(i)), low), high);
        const Vec mj = min(max(m0 + Vec::broadcast(static_cast<float>(j)), low), high);
        const Vec left = error_of(part, grid, si * d, mj * dmin);
        best = {select_less(left, least, si, best.scale), select_less(left, least, mj, best.min)};
        least = min(left, least);
      }
    }
    put(best.scale, s.scale, part.first);
    put(best.min, s.min, part.first);
    put(least, error, part.first);
  });
}

void sums(const Tile& tile, Levels levels, const Fit& fit, Sums& out) {
  for_parts(tile, [&](const Part& part) {
    const int first = part.first;
    const PartSums s = sums_of(part, IntegerGrid::of(levels), inverse(at(fit.scale, first)), at(fit.min, first));
    put(s.w, out.w, first);
    put(s.x, out.x, first);
    put(s.q, out.q, first);
    put(s.xq, out.xq, first);
    put(s.qq, out.qq, first);
  });
}

void codes(const Tile& tile, Levels levels, const Fit& fit, Codes& out) {
  const IntegerGrid grid = IntegerGrid::of(levels);
  for_parts(tile, [&](const Part& part) {
    const Vec inverse_scale = inverse(at(fit.scale, part.first)), low = at(fit.min, part.first);
    for (int i = 0; i < tile.size; ++i) {
      const Vec code = grid((part.x(i) + low) * inverse_scale) - grid.low;
      for (int lane = 0; lane < kWidth; ++lane) out.v[i][part.first + lane] = static_cast<uint8_t>(code.v[lane]);
    }
  });
}

void codes_iq4_nl(const Tile& tile, const PerLane& scale, Codes& out) {
  for_parts(tile, [&](const Part& part) {
    const Vec inverse_scale = inverse(at(scale, part.first));
    for (int i = 0; i < tile.size; ++i) {
      const Ints index = half_index(part.x(i) * inverse_scale);
      for (int lane = 0; lane < kWidth; ++lane) out.v[i][part.first + lane] = kHalvesTable.code[index[lane]];
    }
  });
}

constexpr SearchTable kSearches = {
    .search_scale = search_scale,
    .search_scale_iq4_nl = search_scale_iq4_nl,
    .search_fit = search_fit,
    .choose_scale = choose_scale,
    .choose_fit = choose_fit,
    .sums = sums,
    .codes = codes,
    .codes_iq4_nl = codes_iq4_nl,
};

}  // namespace

const SearchTable& searches() { return kSearches; }

}  // namespace gpa::GPA_ISA_NAMESPACE
