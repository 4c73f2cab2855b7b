// Blocks without a minimum: x ~ scale level.
#pragma once
#include "cpu/search_grid.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

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

// The best of the candidates; then scale and levels are fitted to each other.
template <class Grid>
inline void search_scale(const Tile& tile, Grid grid, Levels levels, Candidates candidates, PerLane& scale) {
  for_parts(tile, [&](const Part& part) {
    Vec extreme = Vec::zero();
    for (int i = 0; i < tile.size; ++i) extreme = select_less(abs(extreme), abs(part.x(i)), part.x(i), extreme);
    const Vec unit = inverse(extreme);
    Moments best{Vec::zero(), Vec::zero()};
    Vec gain = Vec::zero();
    for (int end = 0; end < 2; ++end) {
      for (int i = -candidates.steps; i <= candidates.steps; ++i) {
        const float level = (end ? levels.high : levels.low) + candidates.step * static_cast<float>(i);
        keep_better(best, gain, moments(part, grid, Vec::broadcast(level) * unit));
      }
    }
    for (int round = 0; round < 2; ++round) keep_better(best, gain, moments(part, grid, inverse(best.scale())));
    put(best.scale(), scale, part.first);
  });
}

void search_integers(const Tile& tile, Levels levels, Candidates candidates, PerLane& scale) {
  search_scale(tile, IntegerGrid::of(levels), levels, candidates, scale);
}

void search_iq4_nl(const Tile& tile, Levels levels, Candidates candidates, PerLane& scale) {
  search_scale(tile, Iq4Grid{}, levels, candidates, scale);
}

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
  constexpr int kReach = 3;
  const IntegerGrid grid = IntegerGrid::of(levels);
  const Vec low = Vec::broadcast(-128), high = Vec::broadcast(127);
  for_parts(tile, [&](const Part& part) {
    const Vec d = at(unit, part.first), middle = nearest(at(wanted, part.first) * inverse(d), low, high);
    Vec best = Vec::zero(), least = Vec::broadcast(__builtin_inff());
    for (int i = 0; i <= 2 * kReach; ++i) {
      const Vec tried = clamp(middle + outward(i), low, high), left = error_of(part, grid, tried * d, Vec::zero());
      best = select_less(left, least, tried, best);
      least = min(left, least);
    }
    put(best, s, part.first);
    put(least, error, part.first);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
