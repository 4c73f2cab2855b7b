// Rows of x on their way into a product: LinearArgs::prologue.
#pragma once
#include "cpu/norm.h"
#include "cpu/product.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

inline bool has_prologue(const Product& p) { return p.prologue.norm || p.prologue.up; }

// What a row costs, in floats touched.
inline int64_t prologue_cost(const Product& p) { return p.prologue.up ? 8 * p.depth() : p.prologue.norm ? 3 * p.depth() : 0; }

// Row `row` of a linear layer as it enters: in x itself, or made in memory [depth].
inline const float* entering_row(const Product& p, int64_t row, float* memory) {
  const Prologue& prologue = p.prologue;
  const int64_t cols = p.depth(), at = row * prologue.row_stride(cols);
  const float* x = p.x + at;
  if (prologue.norm) {
    rms_norm_row(x, cols, prologue.norm, prologue.eps, memory);
    return memory;
  }
  if (!prologue.up) return x;
  for_vectors(cols, [&](int64_t c, int64_t lanes) {
    const Vec gate = activate(prologue.activation, load_lanes(x + c, lanes));
    store_lanes(memory + c, lanes, gate * load_lanes(prologue.up + at + c, lanes));
  });
  return memory;
}

// All rows, in x itself or in the pool's shared memory.
inline const float* entering_rows(ThreadPool& pool, const Product& p) {
  if (!has_prologue(p)) return p.x;
  auto* memory = static_cast<float*>(pool.shared(static_cast<size_t>(p.rows * p.depth()) * sizeof(float)));
  for_ranges(pool, p.rows, prologue_cost(p), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) entering_row(p, row, memory + row * p.depth());
  });
  return memory;
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
