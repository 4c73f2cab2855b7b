// Blocks with a minimum: x ~ scale q - min.
#pragma once
#include "cpu/search_scale.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

struct PartFit {
  Vec scale, min;
};

inline void keep_less(PartFit& best, Vec& least, const PartFit& tried, Vec error) {
  best.scale = select_less(error, least, tried.scale, best.scale);
  best.min = select_less(error, least, tried.min, best.min);
  least = min(error, least);
}

// Values seen from the lowest one (or from 0, if that is lower): y = x + low >= 0. Sums of w, w y, w y^2.
struct Shifted {
  Vec low, range;
  Vec w, y, yy;
};

inline Shifted shift(const Part& part) {
  Vec lowest = Vec::zero(), highest = part.x(0);
  for (int i = 0; i < part.tile.size; ++i) {
    lowest = min(part.x(i), lowest);
    highest = max(part.x(i), highest);
  }
  Shifted s{-lowest, highest - lowest, Vec::zero(), Vec::zero(), Vec::zero()};
  for (int i = 0; i < part.tile.size; ++i) {
    const Vec y = part.x(i) + s.low, wy = part.w(i) * y;
    s.w = s.w + part.w(i);
    s.y = s.y + wy;
    s.yy = s.yy + wy * y;
  }
  return s;
}

// The scale and min >= 0 with the least error for the levels nearest to inverse_scale y + middle; in terms of y, the least
// sum w (y - scale q - offset)^2 with offset = low - min. Where nearly all levels are the same one, the scale stays.
inline PartFit fit_levels(const Part& part, const IntegerGrid& grid, const Shifted& s, Vec inverse_scale, Vec middle, Vec& error) {
  Vec q_sum = Vec::zero(), yq = Vec::zero(), qq = Vec::zero();
  for (int i = 0; i < part.tile.size; ++i) {
    const Vec y = part.x(i) + s.low, q = grid(y * inverse_scale + middle), wq = part.w(i) * q;
    q_sum = q_sum + wq;
    yq = yq + wq * y;
    qq = qq + wq * q;
  }
  const Vec zero = Vec::zero(), two = Vec::broadcast(2);
  const Vec determinant = s.w * qq - q_sum * q_sum, least_determinant = Vec::broadcast(0x1p-20f) * (s.w * qq);
  const Vec free_scale = select_less(least_determinant, determinant, ratio(s.w * yq - s.y * q_sum, determinant), inverse(inverse_scale));
  const Vec free_offset = ratio(s.y - free_scale * q_sum, s.w), offset = min(free_offset, s.low);
  const Vec scale = max(select_less(s.low, free_offset, ratio(yq - s.low * q_sum, qq), free_scale), zero);
  error = s.yy + scale * (scale * qq - two * yq) + offset * (offset * s.w + two * (scale * q_sum - s.y));
  return {scale, s.low - offset};
}

// Tries levels that cover the range, somewhat less or somewhat more of it, lie a little higher or lower.
void search_fit(const Tile& tile, float most, Fit& fit) {
  constexpr int kSteps = 5;
  constexpr float kStep = 0.4f;
  const IntegerGrid grid = IntegerGrid::of({0, most});
  for_parts(tile, [&](const Part& part) {
    const Shifted shifted = shift(part);
    const Vec unit = inverse(shifted.range);
    PartFit best{Vec::zero(), shifted.low};
    Vec least = Vec::broadcast(__builtin_inff()), error;
    for (int i = -kSteps; i <= kSteps; ++i) {
      const Vec inverse_scale = Vec::broadcast(most + kStep * static_cast<float>(i)) * unit;
      for (int j = -1; j <= 1; ++j) {
        const PartFit tried = fit_levels(part, grid, shifted, inverse_scale, Vec::broadcast(kStep * static_cast<float>(j)), error);
        keep_less(best, least, tried, error);
      }
    }
    put(best.scale, fit.scale, part.first);
    put(best.min, fit.min, part.first);
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

// For scales near the wanted one, minima near the best one for the levels that the wanted one leads to.
void choose_fit(const Tile& tile, float most, const Fit& unit, const Fit& wanted, Fit& s, PerLane& error) {
  constexpr int kScaleReach = 2, kMinReach = 1;
  const IntegerGrid grid = IntegerGrid::of({0, most});
  const Vec low = Vec::zero(), high = Vec::broadcast(63);
  for_parts(tile, [&](const Part& part) {
    const Vec d = at(unit.scale, part.first), dmin = at(unit.min, part.first), per_dmin = inverse(dmin);
    const Vec wanted_scale = nearest(at(wanted.scale, part.first) * inverse(d), low, high);
    PartFit best{low, low};
    Vec least = Vec::broadcast(__builtin_inff());
    for (int i = 0; i <= 2 * kScaleReach; ++i) {
      PartFit tried{clamp(wanted_scale + outward(i), low, high), low};
      const Vec scale = tried.scale * d;
      const PartSums sums = sums_of(part, grid, inverse(scale), at(wanted.min, part.first));
      const Vec best_min = nearest(ratio(scale * sums.q - sums.x, sums.w) * per_dmin, low, high);
      for (int j = 0; j <= 2 * kMinReach; ++j) {
        tried.min = clamp(best_min + outward(j), low, high);
        keep_less(best, least, tried, error_of(part, grid, scale, tried.min * dmin));
      }
    }
    put(best.scale, s.scale, part.first);
    put(best.min, s.min, part.first);
    put(least, error, part.first);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
