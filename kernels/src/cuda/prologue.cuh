// Rows and frames of x on their way into a product (LinearArgs::prologue, Conv1dArgs::snake), for kernels that take them eight columns at a time.
#pragma once
#include "cuda/product.cuh"
#include "cuda/rms.cuh"
#include "cuda/rounded.cuh"

namespace gpa::cuda {

__device__ __forceinline__ float gated(Activation activation, float gate, float up) { return activated(activation, gate) * up; }

__device__ __forceinline__ float snaked(float x, float alpha) {
  // The angle is rounded to f32 as PyTorch does: for large ones that is what decides the sine.
  const float sine = sinf(__fmul_rn(alpha, x));
  return x + sine * sine / (alpha + 1e-9f);
}

// By a whole warp.
__device__ inline float inverse_rms_of(const Products& p, int64_t row) {
  return inverse_rms(p.x + row * p.channels, p.channels, p.prologue.eps);
}

// Columns k ... k + 7 of a frame, through Snake.
__device__ inline void load_snaked(const Products& p, int64_t frame, int k, float (&x)[8]) {
  float alpha[8];
  load_eight(p.x + frame * p.channels + k, p.in_fours, x);
  load_eight(p.prologue.snake + k, p.in_fours, alpha);
#pragma unroll
  for (int i = 0; i < 8; ++i) x[i] = snaked(x[i], alpha[i]);
}

// Columns k ... k + 7 of a row as they enter, but for Snake; `inverse` is the row's where there is a norm.
__device__ inline void load_entering(const Products& p, int64_t row, int k, float inverse, float (&x)[8]) {
  const int64_t at = row * p.prologue.row_stride(p.channels) + k;
  load_eight(p.x + at, p.in_fours, x);
  if (p.prologue.norm) {
    float w[8];
    load_eight(p.prologue.norm + k, p.in_fours, w);
#pragma unroll
    for (int i = 0; i < 8; ++i) x[i] = normed(x[i], inverse, w[i]);
  } else if (p.prologue.up) {
    float up[8];
    load_eight(p.prologue.up + at, p.in_fours, up);
#pragma unroll
    for (int i = 0; i < 8; ++i) x[i] = gated(p.prologue.activation, x[i], up[i]);
  }
}

}  // namespace gpa::cuda
