// The values of weights of any type on the GPU, eight consecutive elements at a time.
#pragma once
#include "cuda/block_levels.cuh"

namespace gpa::cuda {

__device__ __forceinline__ float f16_value(uint16_t bits) { return __half2float(__ushort_as_half(bits)); }
__device__ __forceinline__ float bf16_value(uint16_t bits) { return __uint_as_float(static_cast<unsigned>(bits) << 16); }

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
    using F = Levels<kType>;
    const int b = static_cast<int>(first / kLevelBlock), sub = b % F::kBlocks, t = static_cast<int>(first % kLevelBlock) / 8;
    const uint8_t* block = static_cast<const uint8_t*>(row) + static_cast<int64_t>(b / F::kBlocks) * F::kBytes;
    const EightLevels levels = F::template eight<AnyBytes>(block, sub, t);
    const float scale = F::scale(block, sub, t / 2), min = F::min(block, sub);
#pragma unroll
    for (int i = 0; i < 8; ++i) out[i] = fmaf(static_cast<float>(static_cast<int8_t>((i < 4 ? levels.low : levels.high) >> 8 * (i % 4))), scale, -min);
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
