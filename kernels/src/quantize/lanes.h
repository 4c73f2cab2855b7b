// Four floats at a time. The width is the same on every machine and sums are taken in a fixed order, so that a block's bytes
// do not depend on the machine. (Files that include this are compiled without contraction of products into sums.)
#pragma once
#include <cstring>

namespace gpa {

using Lanes = float __attribute__((vector_size(16)));
inline constexpr int kLanes = 4;

inline Lanes load(const float* p) {
  Lanes lanes;
  std::memcpy(&lanes, p, sizeof lanes);
  return lanes;
}
inline void store(Lanes lanes, float* p) { std::memcpy(p, &lanes, sizeof lanes); }
inline Lanes splat(float x) { return Lanes{x, x, x, x}; }

inline Lanes clamp(Lanes x, float low, float high) {
  x = x < splat(low) ? splat(low) : x;
  return x > splat(high) ? splat(high) : x;
}

// The nearest integer, ties to even, for |x| < 2^22: there adding 1.5 2^23 leaves no room for a fraction.
inline Lanes nearest(Lanes x) {
  const Lanes large = splat(0x1.8p23f);
  return (x + large) - large;
}
inline float nearest(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }

inline float sum(Lanes x) { return (x[0] + x[1]) + (x[2] + x[3]); }

}  // namespace gpa
