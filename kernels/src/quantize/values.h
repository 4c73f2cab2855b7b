// A block's values as the encoders take them, and the rounding of its scale.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

#include "float_bits.h"
#include "quantize/lanes.h"

namespace gpa {

// No block type can hold larger values; cut there, squares and their sums stay finite.
inline constexpr float kLargestValue = 0x1p30f;
// Values below half of the smallest f16 are zero in every block type.
inline constexpr float kSmallestValue = 0x1p-25f;
// Weights are fractions of the block's largest one, and at least this: no column is without any.
inline constexpr float kSmallestWeight = 0x1p-20f;

template <int N>
struct Values {
  alignas(16) float x[N];
  alignas(16) float w[N];
  bool zero;  // all too small for any scale

  Values(const float* src, const float* importance) {
    Lanes most = splat(0);
    for (int i = 0; i < N; i += kLanes) {
      const Lanes value = clamp(load(src + i), -kLargestValue, kLargestValue);
      store(value, x + i);
      const Lanes size = value < splat(0) ? -value : value;
      most = size > most ? size : most;
    }
    zero = most[0] < kSmallestValue && most[1] < kSmallestValue && most[2] < kSmallestValue && most[3] < kSmallestValue;
    weigh(importance);
  }

 private:
  void weigh(const float* importance) {
    float most = 0;
    if (importance)
      for (int i = 0; i < N; ++i) most = importance[i] > most ? importance[i] : most;
    for (int i = 0; i < N; ++i) {
      const float weight = most > 0 ? importance[i] / most : 1.0f;
      w[i] = weight > kSmallestWeight ? weight : kSmallestWeight;
    }
  }
};

// The f16 to store for a scale: neither infinite nor, unless the scale is zero, zero.
inline uint16_t scale_bits(float scale) {
  const float size = std::fabs(scale);
  if (size == 0) return 0;
  const uint16_t sign = std::signbit(scale) ? 0x8000 : 0;
  if (size >= 65504.0f) return sign | 0x7bff;
  const uint16_t bits = f32_to_f16(size);
  return sign | (bits ? bits : uint16_t{1});
}

}  // namespace gpa
