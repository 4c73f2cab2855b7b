// The values of weights on the GPU, eight consecutive elements at a time. Formats: block_formats.h.
// Rows of Q4_K, Q5_K and F32 are at least 4-byte aligned, the others 2-byte.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "block_formats.h"
#include "gpa/kernels/types.h"

namespace gpa::cuda {

// Elements of a block type as integers: x = scale q - offset.
struct Eight {
  int low, high;  // four signed bytes each, the first element lowest
  float scale, offset;
};

__device__ __forceinline__ float f16_value(uint16_t bits) { return __half2float(__ushort_as_half(bits)); }
__device__ __forceinline__ float bf16_value(uint16_t bits) { return __uint_as_float(static_cast<unsigned>(bits) << 16); }

// Four bytes at a 2-byte aligned address.
__device__ __forceinline__ unsigned load_four(const void* bytes) {
  const auto* halves = static_cast<const uint16_t*>(bytes);
  return static_cast<unsigned>(halves[0]) | static_cast<unsigned>(halves[1]) << 16;
}

// q - kBias in each byte, for q < 128 and kBias <= 128.
template <unsigned kBias>
__device__ __forceinline__ int minus(unsigned q) {
  return static_cast<int>(((q | 0x80808080u) - kBias * 0x01010101u) ^ 0x80808080u);
}

// kIq4NlValues of the low nibbles of four bytes whose high ones are zero.
__device__ __forceinline__ int iq4_nl_values(unsigned nibbles) {
  unsigned selector = (nibbles | nibbles >> 4) & 0x00ff00ffu;
  selector = (selector | selector >> 8) & 0x7777u;
  const unsigned lower = __byte_perm(0xbfad9881u, 0xf6eaddcfu, selector);
  const unsigned upper = __byte_perm(0x26190d01u, 0x71594535u, selector);
  const unsigned mask = (nibbles >> 3 & 0x01010101u) * 255u;
  return static_cast<int>((lower & ~mask) | (upper & mask));
}

struct DeviceScaleMin {
  int scale, min;
};

// Of sub-block j < 8 of Q4_K and Q5_K.
__device__ __forceinline__ DeviceScaleMin device_scale_min(const uint8_t* packed, int j) {
  if (j < 4) return {packed[j] & 63, packed[j + 4] & 63};
  return {(packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4, packed[j + 4] >> 4 | (packed[j] >> 6) << 4};
}

// The eight elements from `first` on, a multiple of 8, of a row of a block type.
template <DType kType>
__device__ __forceinline__ Eight eight(const void* row, int64_t first);

template <>
__device__ __forceinline__ Eight eight<DType::kQ8_0>(const void* row, int64_t first) {
  const BlockQ8_0& block = static_cast<const BlockQ8_0*>(row)[first / 32];
  const int8_t* q = block.qs + first % 32;
  return {static_cast<int>(load_four(q)), static_cast<int>(load_four(q + 4)), f16_value(block.d), 0.0f};
}

template <>
__device__ __forceinline__ Eight eight<DType::kQ4_0>(const void* row, int64_t first) {
  const BlockQ4_0& block = static_cast<const BlockQ4_0*>(row)[first / 32];
  const int j = static_cast<int>(first % 32), shift = j / 16 * 4;
  const uint8_t* q = block.qs + j % 16;
  return {minus<8>(load_four(q) >> shift & 0x0f0f0f0fu), minus<8>(load_four(q + 4) >> shift & 0x0f0f0f0fu), f16_value(block.d), 0.0f};
}

template <>
__device__ __forceinline__ Eight eight<DType::kIQ4_NL>(const void* row, int64_t first) {
  const BlockIQ4_NL& block = static_cast<const BlockIQ4_NL*>(row)[first / 32];
  const int j = static_cast<int>(first % 32), shift = j / 16 * 4;
  const uint8_t* q = block.qs + j % 16;
  return {iq4_nl_values(load_four(q) >> shift & 0x0f0f0f0fu), iq4_nl_values(load_four(q + 4) >> shift & 0x0f0f0f0fu), f16_value(block.d), 0.0f};
}

template <>
__device__ __forceinline__ Eight eight<DType::kQ4_K>(const void* row, int64_t first) {
  const BlockQ4_K& block = static_cast<const BlockQ4_K*>(row)[first / 256];
  const int element = static_cast<int>(first % 256), j = element / 32, shift = j % 2 * 4;
  const DeviceScaleMin packed = device_scale_min(block.scales, j);
  const auto* q = reinterpret_cast<const unsigned*>(block.qs + j / 2 * 32 + element % 32);
  return {static_cast<int>(q[0] >> shift & 0x0f0f0f0fu), static_cast<int>(q[1] >> shift & 0x0f0f0f0fu),
          f16_value(block.d) * static_cast<float>(packed.scale), f16_value(block.dmin) * static_cast<float>(packed.min)};
}

template <>
__device__ __forceinline__ Eight eight<DType::kQ5_K>(const void* row, int64_t first) {
  const BlockQ5_K& block = static_cast<const BlockQ5_K*>(row)[first / 256];
  const int element = static_cast<int>(first % 256), j = element / 32, shift = j % 2 * 4;
  const DeviceScaleMin packed = device_scale_min(block.scales, j);
  const auto* q = reinterpret_cast<const unsigned*>(block.qs + j / 2 * 32 + element % 32);
  const auto* fifth = reinterpret_cast<const unsigned*>(block.qh + element % 32);
  return {static_cast<int>((q[0] >> shift & 0x0f0f0f0fu) | (fifth[0] >> j & 0x01010101u) << 4),
          static_cast<int>((q[1] >> shift & 0x0f0f0f0fu) | (fifth[1] >> j & 0x01010101u) << 4),
          f16_value(block.d) * static_cast<float>(packed.scale), f16_value(block.dmin) * static_cast<float>(packed.min)};
}

template <>
__device__ __forceinline__ Eight eight<DType::kQ6_K>(const void* row, int64_t first) {
  const BlockQ6_K& block = static_cast<const BlockQ6_K*>(row)[first / 256];
  const int element = static_cast<int>(first % 256), half = element / 128, i = element / 32 % 4, l = element % 32;
  const uint8_t* low = block.ql + 64 * half + 32 * (i % 2) + l;
  const uint8_t* high = block.qh + 32 * half + l;
  const int shift = i / 2 * 4;
  const unsigned first_four = (load_four(low) >> shift & 0x0f0f0f0fu) | (load_four(high) >> 2 * i & 0x03030303u) << 4;
  const unsigned last_four = (load_four(low + 4) >> shift & 0x0f0f0f0fu) | (load_four(high + 4) >> 2 * i & 0x03030303u) << 4;
  return {minus<32>(first_four), minus<32>(last_four), f16_value(block.d) * static_cast<float>(block.scales[element / 16]), 0.0f};
}

// The values of the eight elements from `first` on, a multiple of 8, of a row of any type.
template <DType kType>
__device__ __forceinline__ void decode_eight(const void* row, int64_t first, float (&out)[8]) {
  if constexpr (kType == DType::kF32) {
    for (int i = 0; i < 8; ++i) out[i] = static_cast<const float*>(row)[first + i];
  } else if constexpr (kType == DType::kF16) {
    for (int i = 0; i < 8; ++i) out[i] = f16_value(static_cast<const uint16_t*>(row)[first + i]);
  } else if constexpr (kType == DType::kBF16) {
    for (int i = 0; i < 8; ++i) out[i] = bf16_value(static_cast<const uint16_t*>(row)[first + i]);
  } else {
    const Eight e = eight<kType>(row, first);
    for (int i = 0; i < 8; ++i) out[i] = e.scale * static_cast<float>(static_cast<int8_t>((i < 4 ? e.low : e.high) >> i % 4 * 8)) - e.offset;
  }
}

// One element of a row of F32, F16 or BF16.
template <DType kType>
__device__ __forceinline__ float element(const void* row, int64_t i) {
  if constexpr (kType == DType::kF32) return static_cast<const float*>(row)[i];
  if constexpr (kType == DType::kF16) return f16_value(static_cast<const uint16_t*>(row)[i]);
  return bf16_value(static_cast<const uint16_t*>(row)[i]);
}

// Calls f.operator()<type>() for weights of that type.
template <class Function>
void with_type(DType type, Function&& f) {
  switch (type) {
    case DType::kF16: return f.template operator()<DType::kF16>();
    case DType::kBF16: return f.template operator()<DType::kBF16>();
    case DType::kQ4_0: return f.template operator()<DType::kQ4_0>();
    case DType::kQ8_0: return f.template operator()<DType::kQ8_0>();
    case DType::kQ4_K: return f.template operator()<DType::kQ4_K>();
    case DType::kQ5_K: return f.template operator()<DType::kQ5_K>();
    case DType::kQ6_K: return f.template operator()<DType::kQ6_K>();
    case DType::kIQ4_NL: return f.template operator()<DType::kIQ4_NL>();
    default: return f.template operator()<DType::kF32>();
  }
}

}  // namespace gpa::cuda
