// Rows and frames of x on their way into a product: LinearArgs::prologue, Conv1dArgs::snake.
#pragma once
#include "cpu/norm.h"
#include "cpu/product.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// What a row costs, in floats touched.
inline int64_t entering_cost(const Product& p) {
  return p.channels * (p.prologue.up ? 8 : p.prologue.snake ? 6 : p.prologue.norm ? 3 : 0);
}

// Makes rows as they enter. Of one thread.
class Entrance {
 public:
  // memory: floats(p) of them, null where there are none.
  static int64_t floats(const Product& p) { return p.prologue.snake ? p.channels : 0; }
  Entrance(const Product& p, float* memory) : p_(p), inverse_(memory) {
    for (int64_t c = 0; c < floats(p); ++c) inverse_[c] = 1.0f / (p.prologue.snake[c] + 1e-9f);
  }

  // In x itself, or made in to [channels].
  const float* row(int64_t row, float* to) const {
    const Prologue& prologue = p_.prologue;
    if (!prologue.set()) return p_.x + row * p_.channels;
    const int64_t cols = p_.channels, at = row * prologue.row_stride(cols);
    const float* x = p_.x + at;
    if (prologue.norm) {
      rms_norm_row(x, cols, prologue.norm, prologue.eps, to);
    } else if (prologue.up) {
      for_vectors(cols, [&](int64_t c, int64_t lanes) {
        const Vec gate = activate(prologue.activation, load_lanes(x + c, lanes));
        store_lanes(to + c, lanes, gate * load_lanes(prologue.up + at + c, lanes));
      });
    } else {
      for_vectors(cols, [&](int64_t c, int64_t lanes) {
        const Vec v = load_lanes(x + c, lanes), alpha = load_lanes(prologue.snake + c, lanes);
        store_lanes(to + c, lanes, fma(sin_squared(alpha * v), load_lanes(inverse_ + c, lanes), v));
      });
    }
    return to;
  }

 private:
  const Product& p_;
  float* inverse_;  // of Snake's alpha, for each channel
};

// f(row, x) for each of the rows as it enters; x is valid inside the call.
template <class F>
void for_entering_rows(ThreadPool& pool, const Product& p, F f) {
  const int64_t made = p.prologue.set() ? p.channels : 0;
  for_ranges(pool, p.frames, entering_cost(p) + 2 * p.channels, [&](int64_t begin, int64_t end, int thread) {
    auto* memory = static_cast<float*>(pool.scratch(thread, static_cast<size_t>(made + Entrance::floats(p)) * sizeof(float)));
    const Entrance entrance(p, memory + made);
    for (int64_t row = begin; row < end; ++row) f(row, entrance.row(row, memory));
  });
}

// All rows, in x itself or in the pool's shared memory.
inline const float* entering_rows(ThreadPool& pool, const Product& p) {
  if (!p.prologue.set()) return p.x;
  auto* rows = static_cast<float*>(pool.shared(static_cast<size_t>(p.frames * p.channels) * sizeof(float)));
  for_ranges(pool, p.frames, entering_cost(p), [&](int64_t begin, int64_t end, int thread) {
    const Entrance entrance(p, static_cast<float*>(pool.scratch(thread, static_cast<size_t>(Entrance::floats(p)) * sizeof(float))));
    for (int64_t row = begin; row < end; ++row) entrance.row(row, rows + row * p.channels);
  });
  return rows;
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
