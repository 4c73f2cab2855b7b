// The block types as they lie in files: integers q with one scale a block, or one scale (and minimum) for each sub-block.
// Source: ggml's block structures (GGUF's types Q4_0, Q8_0, Q4_K, Q5_K, Q6_K, IQ4_NL). Little-endian, no padding.
#pragma once
#include <stdint.h>

namespace gpa {

// x[j] = d (q - 8); q of element j in the low nibble of qs[j], of element j + 16 in the high one.
struct BlockQ4_0 {
  uint16_t d;  // f16
  uint8_t qs[16];
};

// x[j] = d q.
struct BlockQ8_0 {
  uint16_t d;
  int8_t qs[32];
};

// x[j] = d kIq4NlValues[q]; nibbles as in Q4_0.
struct BlockIQ4_NL {
  uint16_t d;
  uint8_t qs[16];
};
static constexpr int8_t kIq4NlValues[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

// 8 sub-blocks of 32: x = d scale q - dmin minimum. Sub-blocks 2i and 2i + 1 are the low and the high nibbles of
// qs[32 i ... 32 i + 31]. scales: 8 scales and 8 minima of 6 bits.
struct BlockQ4_K {
  uint16_t d, dmin;
  uint8_t scales[12];
  uint8_t qs[128];
};

// As Q4_K; the fifth bit of element l of sub-block j is bit j of qh[l].
struct BlockQ5_K {
  uint16_t d, dmin;
  uint8_t scales[12];
  uint8_t qh[32];
  uint8_t qs[128];
};

// 16 sub-blocks of 16: x = d scale (q - 32). Of each half (128 elements, n = 0, 1) element 32 i + l has its low four bits in
// ql[64 n + 32 (i % 2) + l] (low nibble for i < 2, high one otherwise) and its high two in bits 2i of qh[32 n + l].
struct BlockQ6_K {
  uint8_t ql[128];
  uint8_t qh[64];
  int8_t scales[16];
  uint16_t d;
};

static_assert(sizeof(BlockQ4_0) == 18 && sizeof(BlockQ8_0) == 34 && sizeof(BlockIQ4_NL) == 18);
static_assert(sizeof(BlockQ4_K) == 144 && sizeof(BlockQ5_K) == 176 && sizeof(BlockQ6_K) == 210);

}  // namespace gpa
