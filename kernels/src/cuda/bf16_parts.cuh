// f32 products on tensor cores. A float is the sum of three bf16, each the nearest to what the ones before it leave: 3 x 8 bits, and a
// range like f32's. With x = x0 + x1 + x2 and w = w0 + w1 + w2, |x1| <= 2^-8 |x| and so on, x w is the sum of the products xi wj with
// i + j <= 2; what is left out is below 2^-24 |x w|, the rounding of one f32 product. Weights that are bf16 or small integers are one
// part and want three products, f16 are two (five products), f32 three (six).
//
// Near the ends of f32's range: values from 2^128 (1 - 2^-9) on count as infinite, and a part below 2^-126 may be lost. Infinity has
// NaN as its second part: what it meets becomes not finite.
#pragma once
#include "cuda/mma.cuh"

namespace gpa::cuda {

// Eight neighbouring columns of a row: word i of a part holds columns 2i and 2i + 1.
template <int kParts>
struct Parts {
  uint4 part[kParts];
  __device__ uint32_t word(int j, int i) const { return i == 0 ? part[j].x : i == 1 ? part[j].y : i == 2 ? part[j].z : part[j].w; }
};

// The nearest bf16 of two floats, which are left with what it lacks.
__device__ inline uint32_t take_part(float& low, float& high) {
  const uint32_t word = pack_bf16(low, high);
  low -= __uint_as_float(word << 16);
  high -= __uint_as_float(word & 0xffff0000u);
  return word;
}

template <int kParts>
__device__ inline Parts<kParts> split_eight(float (&x)[8]) {
  Parts<kParts> out;
#pragma unroll
  for (int j = 0; j < kParts; ++j)
    out.part[j] = make_uint4(take_part(x[0], x[1]), take_part(x[2], x[3]), take_part(x[4], x[5]), take_part(x[6], x[7]));
  return out;
}

// A block of 32 columns is two fragments of 16: lane t of four holds columns 8t ... 8t + 7 of its rows, of which the first fragment
// has the first four. (Which of a fragment's k they are is free; all kernels agree.)
struct RowParts {
  Parts<3> rows[2];  // g and g + 8
};

// sum[m][n] += the products of one block of K, small parts first: large sums are then truncated least. Neighbouring instructions belong
// to different sums.
template <int kParts, int kM, int kN>
__device__ inline void multiply_block(const RowParts (&x)[kM], const Parts<kParts> (&w)[kN], float (&sum)[kM][kN][4]) {
#pragma unroll
  for (int order = 2; order >= 0; --order)
#pragma unroll
    for (int j = 0; j <= order && j < kParts; ++j)
#pragma unroll
      for (int s = 0; s < 4; s += 2)
#pragma unroll
        for (int i = 0; i < kM * kN; ++i) {
          const Parts<3>&g = x[i / kN].rows[0], &g8 = x[i / kN].rows[1];
          const Parts<kParts>& b = w[i % kN];
          const int part = order - j;
          mma_bf16(sum[i / kN][i % kN], {g.word(part, s), g8.word(part, s), g.word(part, s + 1), g8.word(part, s + 1)},
                   {b.word(j, s), b.word(j, s + 1)});
        }
}

}  // namespace gpa::cuda
