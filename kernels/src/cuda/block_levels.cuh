// Weights of block types, eight columns at a time: as signed bytes for integer products, or as f32.
#pragma once
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "block_formats.h"
#include "gpa/kernels/types.h"

namespace gpa::cuda {

constexpr int kLevelBlock = 32;  // columns that are rounded together

// Columns 0 ... 3 in the bytes of the first word, 4 ... 7 in those of the second.
struct EightLevels {
  uint32_t low, high;
};

// How eight bytes at an even address are read. In shared memory whole words around them may be touched, elsewhere they alone.
struct SharedBytes {
  static __device__ EightLevels eight(const uint8_t* from) {
    const uint32_t odd = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(from)) & 2;
    const auto* words = reinterpret_cast<const uint32_t*>(from - odd);
    const uint32_t first = words[0], second = words[1], third = words[odd ? 2 : 1];
    return {__funnelshift_r(first, second, 8 * odd), __funnelshift_r(second, third, 8 * odd)};
  }
};
struct AnyBytes {
  static __device__ EightLevels eight(const uint8_t* from) {
    const auto* halves = reinterpret_cast<const uint16_t*>(from);
    return {halves[0] | static_cast<uint32_t>(halves[1]) << 16, halves[2] | static_cast<uint32_t>(halves[3]) << 16};
  }
};

__device__ inline float f16_at(const uint8_t* from) { return __half2float(__ushort_as_half(*reinterpret_cast<const uint16_t*>(from))); }

__device__ inline EightLevels nibbles(EightLevels v, int shift) { return {v.low >> shift & 0x0f0f0f0fu, v.high >> shift & 0x0f0f0f0fu}; }
__device__ inline EightLevels operator|(EightLevels a, EightLevels b) { return {a.low | b.low, a.high | b.high}; }

// Each byte below 128, less n <= 128: the top bits keep the bytes from borrowing of each other.
__device__ inline uint32_t less(uint32_t bytes, uint32_t n) { return ((bytes | 0x80808080u) - n * 0x01010101u) ^ 0x80808080u; }
__device__ inline EightLevels less(EightLevels v, uint32_t n) { return {less(v.low, n), less(v.high, n)}; }

// Of each type: kBytes of a stored block; kBlocks of 32 columns in it; eight(), the levels of columns 8t ... 8t + 7 of block `sub`;
// scale() of columns 16 half ... (kHalves: each half has its own); min(), what is taken from each value, where kHasMin.
template <DType type>
struct Levels;

struct OneScale {
  static constexpr int kBlocks = 1;
  static constexpr bool kHasMin = false, kHalves = false;
  static __device__ float scale(const uint8_t* block, int, int) { return f16_at(block); }
  static __device__ float min(const uint8_t*, int) { return 0; }
};

template <>
struct Levels<DType::kQ8_0> : OneScale {
  static constexpr int kBytes = sizeof(BlockQ8_0);
  template <class Bytes>
  static __device__ EightLevels eight(const uint8_t* block, int, int t) {
    return Bytes::eight(block + 2 + 8 * t);
  }
};

template <>
struct Levels<DType::kQ4_0> : OneScale {
  static constexpr int kBytes = sizeof(BlockQ4_0);
  template <class Bytes>
  static __device__ EightLevels eight(const uint8_t* block, int, int t) {
    return less(nibbles(Bytes::eight(block + 2 + 8 * (t & 1)), 4 * (t >> 1)), 8);
  }
};

template <>
struct Levels<DType::kIQ4_NL> : OneScale {
  static constexpr int kBytes = sizeof(BlockIQ4_NL);

  static constexpr uint32_t four_values(int first) {
    uint32_t word = 0;
    for (int i = 0; i < 4; ++i) word |= static_cast<uint32_t>(static_cast<uint8_t>(kIq4NlValues[first + i])) << 8 * i;
    return word;
  }
  // The values of four nibbles, each in a byte. A selector of __byte_perm has three bits for a byte: two tables, then a choice.
  static __device__ uint32_t look_up(uint32_t bytes) {
    constexpr uint32_t k0 = four_values(0), k1 = four_values(4), k2 = four_values(8), k3 = four_values(12);
    const uint32_t index = bytes & 0x07070707u, pairs = (index | index >> 4) & 0x00ff00ffu, selector = (pairs | pairs >> 8) & 0xffffu;
    const uint32_t upper = (bytes >> 3 & 0x01010101u) * 255u;
    return (__byte_perm(k0, k1, selector) & ~upper) | (__byte_perm(k2, k3, selector) & upper);
  }
  template <class Bytes>
  static __device__ EightLevels eight(const uint8_t* block, int, int t) {
    const EightLevels v = nibbles(Bytes::eight(block + 2 + 8 * (t & 1)), 4 * (t >> 1));
    return {look_up(v.low), look_up(v.high)};
  }
};

// Q4_K and Q5_K: block `sub` has a scale and a minimum of six bits.
struct PackedScales {
  static constexpr int kBlocks = 8;
  static constexpr bool kHasMin = true, kHalves = false;
  static __device__ float scale(const uint8_t* block, int sub, int) {
    const uint8_t* packed = block + 4;
    const int scale = sub < 4 ? packed[sub] & 63 : (packed[sub + 4] & 15) | (packed[sub - 4] >> 6) << 4;
    return f16_at(block) * static_cast<float>(scale);
  }
  static __device__ float min(const uint8_t* block, int sub) {
    const uint8_t* packed = block + 4;
    const int min = sub < 4 ? packed[sub + 4] & 63 : packed[sub + 4] >> 4 | (packed[sub] >> 6) << 4;
    return f16_at(block + 2) * static_cast<float>(min);
  }
};

template <>
struct Levels<DType::kQ4_K> : PackedScales {
  static constexpr int kBytes = sizeof(BlockQ4_K);
  template <class Bytes>
  static __device__ EightLevels eight(const uint8_t* block, int sub, int t) {
    return nibbles(Bytes::eight(block + 16 + sub / 2 * 32 + 8 * t), sub % 2 * 4);
  }
};

template <>
struct Levels<DType::kQ5_K> : PackedScales {
  static constexpr int kBytes = sizeof(BlockQ5_K);
  template <class Bytes>
  static __device__ EightLevels eight(const uint8_t* block, int sub, int t) {
    const EightLevels fifth = Bytes::eight(block + 16 + 8 * t);
    const EightLevels bits = {(fifth.low >> sub & 0x01010101u) << 4, (fifth.high >> sub & 0x01010101u) << 4};
    return nibbles(Bytes::eight(block + 48 + sub / 2 * 32 + 8 * t), sub % 2 * 4) | bits;
  }
};

template <>
struct Levels<DType::kQ6_K> {
  static constexpr int kBytes = sizeof(BlockQ6_K), kBlocks = 8;
  static constexpr bool kHasMin = false, kHalves = true;
  template <class Bytes>
  static __device__ EightLevels eight(const uint8_t* block, int sub, int t) {
    const int half = sub / 4, i = sub % 4;
    const EightLevels low = nibbles(Bytes::eight(block + 64 * half + 32 * (i % 2) + 8 * t), i / 2 * 4);
    const EightLevels high = Bytes::eight(block + 128 + 32 * half + 8 * t);
    const EightLevels bits = {(high.low >> 2 * i & 0x03030303u) << 4, (high.high >> 2 * i & 0x03030303u) << 4};
    return less(low | bits, 32);
  }
  // An integer: what is common to all of the stored block is common().
  static __device__ int half_scale(const uint8_t* block, int sub, int half) { return static_cast<int8_t>(block[192 + 2 * sub + half]); }
  static __device__ float common(const uint8_t* block) { return f16_at(block + 208); }
  static __device__ float scale(const uint8_t* block, int sub, int half) {
    return common(block) * static_cast<float>(half_scale(block, sub, half));
  }
  static __device__ float min(const uint8_t*, int) { return 0; }
};

}  // namespace gpa::cuda
