// layer_norm, rms_norm.
#pragma once
#include "cpu/parallel.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

inline float sum_of(const float* x, int64_t cols) {
  Vec sum = Vec::zero();
  for_vectors(cols, [&](int64_t c, int64_t lanes) { sum = sum + load_lanes(x + c, lanes); });
  return reduce_add(sum);
}

inline void layer_norm_row(const LayerNormArgs& a, const float* x, float* y) {
  const float count = static_cast<float>(a.cols);
  const Vec mean = Vec::broadcast(sum_of(x, a.cols) / count);
  // The mean of the differences is what the mean's own rounding left: it matters where |mean| >> deviation.
  Vec sum = Vec::zero(), squares = Vec::zero();
  for_vectors(a.cols, [&](int64_t c, int64_t lanes) {
    float valid[kWidth];
    Vec d = load_lanes(x + c, lanes) - mean;
    if (lanes < kWidth) {  // absent elements are not differences
      d.store(valid);
      d = Vec::load_first(valid, lanes);
    }
    sum = sum + d;
    squares = fma(d, d, squares);
  });
  const float rest = reduce_add(sum) / count;
  const float variance = reduce_add(squares) / count - rest * rest;
  const Vec inverse = Vec::broadcast(1.0f / __builtin_sqrtf(larger(variance, 0.0f) + a.eps));
  const Vec offset = Vec::broadcast(rest);
  for_vectors(a.cols, [&](int64_t c, int64_t lanes) {
    Vec v = (load_lanes(x + c, lanes) - mean - offset) * inverse;
    if (a.scale) v = v * load_lanes(a.scale + c, lanes);
    if (a.shift) v = v + load_lanes(a.shift + c, lanes);
    store_lanes(y + c, lanes, v);
  });
}

inline void layer_norm(ThreadPool& pool, const LayerNormArgs& a) {
  for_ranges(pool, a.rows, a.cols * 4, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) layer_norm_row(a, a.x + r * a.cols, a.y + r * a.cols);
  });
}

// y = x / sqrt(mean(x^2) + eps) * w, all [cols]; x and y may be equal.
inline void rms_norm_row(const float* x, int64_t cols, const float* w, float eps, float* y) {
  Vec squares = Vec::zero();
  for_vectors(cols, [&](int64_t c, int64_t lanes) {
    const Vec v = load_lanes(x + c, lanes);
    squares = fma(v, v, squares);
  });
  const float mean = reduce_add(squares) / static_cast<float>(cols);
  const Vec inverse = Vec::broadcast(1.0f / __builtin_sqrtf(mean + eps));
  for_vectors(cols, [&](int64_t c, int64_t lanes) { store_lanes(y + c, lanes, load_lanes(x + c, lanes) * inverse * load_lanes(w + c, lanes)); });
}

inline void rms_norm(ThreadPool& pool, const RmsNormArgs& a) {
  for_ranges(pool, a.rows, a.cols * 3, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) rms_norm_row(a.x + r * a.cols, a.cols, a.w, a.eps, a.y + r * a.cols);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
