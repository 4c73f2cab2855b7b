// Products on the GPU: which kernel makes them. product.cuh says what a product is.
#pragma once
#include "cuda/product.cuh"
#include "cuda/queue.h"

namespace gpa::cuda {

// The maps of p (all of one type) by one launch. p's tiles are filled in here; its operands are the GPU's.
void multiply(CudaQueue& queue, Products p, DType type, Rounding rounding);

// The weights' rows, the epilogue's operands and y of a map, as the GPU sees them.
Map map_of(const CudaQueue& queue, const Weight& w, int64_t groups, const Epilogue& epilogue, float* y);

// Whether a product enters as int8.
inline bool rounds(Rounding rounding, DType type, int64_t channels, int64_t groups) {
  return rounding == Rounding::kInt8 && dtype_quantized(type) && groups == 1 && channels % kLevelBlock == 0;
}

// A linear layer in one piece: no taps, no padding.
inline bool plain_rows(const Products& p) { return p.taps == 1 && p.stride == 1 && p.pad_left == 0 && p.groups == 1 && p.rows <= p.frames; }

// Gives p's maps their tiles of so many rows and columns; the number of thread blocks.
unsigned cut_tiles(Products& p, int tile_rows, int tile_columns);

// p with frames of x that are through its prologue: in the queue's scratch, where it has one.
Products with_entered_rows(CudaQueue& queue, Products p);

void multiply_exact(CudaQueue& queue, Products& p, DType type);
// One file for each type (int8_*.cu).
template <DType type>
void multiply_int8(CudaQueue& queue, Products& p);

}  // namespace gpa::cuda
