// The values of blocks, exactly. Static, so that code of one instruction set may use them.
#pragma once
#include "block_formats.h"
#include "float_bits.h"
#include "gpa/kernels/types.h"

namespace gpa {
namespace {

struct ScaleMin {
  int scale, min;
};

// Of sub-block j < 8 of Q4_K and Q5_K.
inline ScaleMin scale_min(const uint8_t* packed, int j) {
  if (j < 4) return {packed[j] & 63, packed[j + 4] & 63};
  return {(packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4, packed[j + 4] >> 4 | (packed[j] >> 6) << 4};
}

inline void decode(const BlockQ4_0& block, float* out) {
  const float d = f16_to_f32(block.d);
  for (int j = 0; j < 16; ++j) {
    out[j] = d * static_cast<float>((block.qs[j] & 15) - 8);
    out[j + 16] = d * static_cast<float>((block.qs[j] >> 4) - 8);
  }
}

inline void decode(const BlockQ8_0& block, float* out) {
  const float d = f16_to_f32(block.d);
  for (int j = 0; j < 32; ++j) out[j] = d * static_cast<float>(block.qs[j]);
}

inline void decode(const BlockIQ4_NL& block, float* out) {
  const float d = f16_to_f32(block.d);
  for (int j = 0; j < 16; ++j) {
    out[j] = d * static_cast<float>(kIq4NlValues[block.qs[j] & 15]);
    out[j + 16] = d * static_cast<float>(kIq4NlValues[block.qs[j] >> 4]);
  }
}

inline void decode(const BlockQ4_K& block, float* out) {
  const float d = f16_to_f32(block.d), dmin = f16_to_f32(block.dmin);
  for (int j = 0; j < 8; ++j) {
    const ScaleMin packed = scale_min(block.scales, j);
    const float scale = d * static_cast<float>(packed.scale), min = dmin * static_cast<float>(packed.min);
    for (int l = 0; l < 32; ++l) {
      const int q = block.qs[j / 2 * 32 + l] >> j % 2 * 4 & 15;
      out[32 * j + l] = scale * static_cast<float>(q) - min;
    }
  }
}

inline void decode(const BlockQ5_K& block, float* out) {
  const float d = f16_to_f32(block.d), dmin = f16_to_f32(block.dmin);
  for (int j = 0; j < 8; ++j) {
    const ScaleMin packed = scale_min(block.scales, j);
    const float scale = d * static_cast<float>(packed.scale), min = dmin * static_cast<float>(packed.min);
    for (int l = 0; l < 32; ++l) {
      const int q = (block.qs[j / 2 * 32 + l] >> j % 2 * 4 & 15) | (block.qh[l] >> j & 1) << 4;
      out[32 * j + l] = scale * static_cast<float>(q) - min;
    }
  }
}

inline void decode(const BlockQ6_K& block, float* out) {
  const float d = f16_to_f32(block.d);
  for (int j = 0; j < 16; ++j) {
    const int half = j / 8, i = j / 2 % 4, first = j % 2 * 16;
    const uint8_t* low = block.ql + 64 * half + 32 * (i % 2) + first;
    const uint8_t* high = block.qh + 32 * half + first;
    const float scale = d * static_cast<float>(block.scales[j]);
    for (int l = 0; l < 16; ++l) {
      const int q = (low[l] >> i / 2 * 4 & 15) | (high[l] >> 2 * i & 3) << 4;
      out[16 * j + l] = scale * static_cast<float>(q - 32);
    }
  }
}

template <class Block, int64_t kElements>
void decode_all(const void* src, float* dst, int64_t count) {
  const auto* blocks = static_cast<const Block*>(src);
  for (int64_t i = 0; i < count / kElements; ++i) decode(blocks[i], dst + i * kElements);
}

// dst[i] = the value of element i; count a multiple of the type's block. Other types: nothing.
[[maybe_unused]] void decode_blocks(DType from, const void* src, float* dst, int64_t count) {
  switch (from) {
    case DType::kQ4_0: return decode_all<BlockQ4_0, 32>(src, dst, count);
    case DType::kQ8_0: return decode_all<BlockQ8_0, 32>(src, dst, count);
    case DType::kIQ4_NL: return decode_all<BlockIQ4_NL, 32>(src, dst, count);
    case DType::kQ4_K: return decode_all<BlockQ4_K, 256>(src, dst, count);
    case DType::kQ5_K: return decode_all<BlockQ5_K, 256>(src, dst, count);
    case DType::kQ6_K: return decode_all<BlockQ6_K, 256>(src, dst, count);
    default: return;
  }
}

}  // namespace
}  // namespace gpa
