// 16-bit floats in plain integer arithmetic, for any machine. Static, so that code of one instruction set may use them.
#pragma once
#include <stdint.h>

namespace gpa {

static inline float bf16_to_f32(uint16_t bits) { return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16); }

static inline uint16_t f32_to_bf16(float value) {
  const auto bits = __builtin_bit_cast(uint32_t, value);
  // A NaN whose payload lies in the lower half would become infinity: make it quiet instead.
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>(bits >> 16 | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static inline float f16_to_f32(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t rest = bits & 0x7fffu;
  if (rest >= 0x7c00u) {  // infinity; NaN, made quiet as the hardware does
    const uint32_t quiet = rest > 0x7c00u ? 0x400000u : 0u;
    return __builtin_bit_cast(float, sign | 0x7f800000u | quiet | (rest & 0x3ffu) << 13);
  }
  // Read as an f32, the shifted bits are the value times 2^-112, denormals included.
  const float scaled = __builtin_bit_cast(float, rest << 13) * 0x1p112f;
  return __builtin_bit_cast(float, sign | __builtin_bit_cast(uint32_t, scaled));
}

static inline uint16_t f32_to_f16(float value) {
  const auto bits = __builtin_bit_cast(uint32_t, value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t rest = bits & 0x7fffffffu;
  if (rest > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u | (rest >> 13 & 0x3ffu));
  if (rest >= 0x477ff000u) return sign | 0x7c00u;  // 65520 and above round to infinity
  if (rest < 0x38800000u) {
    // Below 2^-14: adding 1/2 leaves the denormal's bits, correctly rounded, at the end of the fraction.
    const float shifted = __builtin_bit_cast(float, rest) + 0.5f;
    return static_cast<uint16_t>(sign | (__builtin_bit_cast(uint32_t, shifted) - 0x3f000000u));
  }
  const uint32_t rounded = rest + 0xfffu + (rest >> 13 & 1u);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

}  // namespace gpa
