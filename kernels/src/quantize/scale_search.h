// The scale of a block without a minimum: x ~ d level, a level being one of a fixed set of numbers.
// `Levels` gives lowest, highest (lowest < 0 < highest) and nearest(Lanes) or nearest(float): the level nearest to a number.
#pragma once
#include <initializer_list>

#include "quantize/values.h"

namespace gpa {

// All integers from kLowest to kHighest.
template <int kLowest, int kHighest>
struct IntegerLevels {
  static constexpr float lowest = kLowest, highest = kHighest;
  static Lanes nearest(Lanes x) { return gpa::nearest(clamp(x, lowest, highest)); }
};

inline float inverse_of(float scale) { return scale != 0 ? 1.0f / scale : 0.0f; }

struct Moments {
  float xl, ll;  // sums of w x level and of w level^2

  // With the best scale for these levels the error is sum w x^2 - gain().
  float scale() const { return ll > 0 ? xl / ll : 0.0f; }
  float gain() const { return ll > 0 ? xl * xl / ll : 0.0f; }
};

// With the levels nearest to inverse x.
template <int N, class Levels>
Moments moments(const float* x, const float* w, float inverse) {
  Lanes xl = splat(0), ll = splat(0);
  for (int i = 0; i < N; i += kLanes) {
    const Lanes value = load(x + i), level = Levels::nearest(value * splat(inverse)), weighted = load(w + i) * level;
    xl += weighted * value;
    ll += weighted * level;
  }
  return {sum(xl), sum(ll)};
}

// sum w (x - scale level)^2 with the nearest levels.
template <int N, class Levels>
float scale_error(const float* x, const float* w, float scale) {
  const Lanes inverse = splat(inverse_of(scale));
  Lanes error = splat(0);
  for (int i = 0; i < N; i += kLanes) {
    const Lanes value = load(x + i), difference = value - splat(scale) * Levels::nearest(value * inverse);
    error += load(w + i) * difference * difference;
  }
  return sum(error);
}

// Tries the scales that put the value of the largest magnitude at the lowest level and at the highest, and `steps` more on
// either side of each, `step` levels apart; then fits scale and levels to each other.
template <int N, class Levels>
float search_scale(const float* x, const float* w, int steps, float step) {
  float extreme = 0;
  for (int i = 0; i < N; ++i) extreme = std::fabs(x[i]) > std::fabs(extreme) ? x[i] : extreme;
  if (std::fabs(extreme) < kSmallestValue) return 0;
  Moments best{0, 0};
  for (const float end : {Levels::lowest, Levels::highest}) {
    for (int i = -steps; i <= steps; ++i) {
      const Moments tried = moments<N, Levels>(x, w, (end + step * static_cast<float>(i)) / extreme);
      if (tried.gain() > best.gain()) best = tried;
    }
  }
  for (int round = 0; round < 2; ++round) {
    const Moments refined = moments<N, Levels>(x, w, inverse_of(best.scale()));
    if (!(refined.gain() > best.gain())) break;
    best = refined;
  }
  return best.scale();
}

}  // namespace gpa
