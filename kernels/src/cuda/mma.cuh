// The tensor core's products of fragments.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>

#ifndef __CUDACC__
#include "cuda_emulation/mma.h"
#endif

namespace gpa::cuda {

// c[m, n] += sum_k a[m, k] b[n, k] by a whole warp: a [16, 32], b [8, 32] signed bytes, c [16, 8]. With g = lane / 4, t = lane % 4:
//   a[0], a[1]: rows g and g + 8, four values of k;  a[2], a[3]: the same rows, four others
//   b[0], b[1]: row g, at the k of a[0] and a[2]
//   c[0], c[1]: row g, columns 2t and 2t + 1;  c[2], c[3]: row g + 8
// Which k a lane holds is the caller's choice, as long as a and b agree.  Source: PTX ISA, fragments of mma.m16n8k32.
__device__ inline void mma_int8(int (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#ifdef __CUDACC__
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  cuda_emulation::mma_m16n8k32_s8(c, a, b);
#endif
}

// c[m, n] += sum_k a[m, k] b[n, k] by a whole warp: a [16, 16], b [8, 16] bf16, c [16, 8] f32, in which the sums are made and may be
// truncated. Words hold two neighbouring k, the lower one in their lower half. With g = lane / 4, t = lane % 4:
//   a[0], a[1]: rows g and g + 8, k = 2t, 2t + 1;  a[2], a[3]: the same rows, k = 2t + 8, 2t + 9
//   b[0], b[1]: row g, at the k of a[0] and a[2]
//   c as above.  Source: PTX ISA, fragments of mma.m16n8k16.
__device__ inline void mma_bf16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#ifdef __CUDACC__
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  cuda_emulation::mma_m16n8k16_bf16(c, a, b);
#endif
}

// The nearest bf16 of two floats, the first in the lower half.
__device__ inline uint32_t pack_bf16(float low, float high) {
#ifdef __CUDACC__
  uint32_t word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
#else
  return cuda_emulation::bf16_pair(low, high);
#endif
}

}  // namespace gpa::cuda
