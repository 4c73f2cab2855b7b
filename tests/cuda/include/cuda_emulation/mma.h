// Tensor-core instructions, from the fragments that the lanes of a warp hold.
#pragma once
#include "cuda_emulation/thread.h"
#include "float_bits.h"

namespace cuda_emulation {

struct MmaInt8 {
  int* c;
  const uint32_t* a;
  const uint32_t* b;
};

inline int dot_of_bytes(uint32_t a, uint32_t b) {
  int sum = 0;
  for (int i = 0; i < 4; ++i) sum += static_cast<int8_t>(a >> 8 * i) * static_cast<int8_t>(b >> 8 * i);
  return sum;
}

// Row `row` of c comes from the four lanes that hold that row of a, column `column` from those that hold it of b.
inline void run_mma_int8(void* const* arguments, unsigned) {
  const auto of = [&](int lane) -> const MmaInt8& { return *static_cast<const MmaInt8*>(arguments[lane]); };
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4, upper = i / 2, column = lane % 4 * 2 + i % 2;
      for (int t = 0; t < 4; ++t) {
        const MmaInt8 &a = of(4 * row + t), &b = of(4 * column + t);
        of(lane).c[i] += dot_of_bytes(a.a[upper], b.b[0]) + dot_of_bytes(a.a[2 + upper], b.b[1]);
      }
    }
  }
}

// mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32; the fragments as PTX has them.
inline void mma_m16n8k32_s8(int (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], CUDA_EMULATION_SITE) {
  MmaInt8 argument{c, a, b};
  warp_collective(0xffffffffu, run_mma_int8, &argument, file, line);
}

struct MmaBf16 {
  float* c;
  const uint32_t* a;
  const uint32_t* b;
};

void run_mma_bf16(void* const* arguments, unsigned mask);

// cvt.rn.bf16x2.f32.
inline uint32_t bf16_pair(float low, float high) { return gpa::f32_to_bf16(low) | static_cast<uint32_t>(gpa::f32_to_bf16(high)) << 16; }

// mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32; the fragments as PTX has them.
inline void mma_m16n8k16_bf16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], CUDA_EMULATION_SITE) {
  MmaBf16 argument{c, a, b};
  warp_collective(0xffffffffu, run_mma_bf16, &argument, file, line);
}

}  // namespace cuda_emulation
