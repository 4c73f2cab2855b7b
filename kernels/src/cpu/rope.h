// rope. Angles are rounded as Hugging Face's f32 code does (frequency, then product), sines are double's.
#pragma once
#include "cpu/parallel.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

inline void rotate_head(float* x, const float* cosine, const float* sine, int64_t half) {
  for_vectors(half, [&](int64_t i, int64_t lanes) {
    const Vec c = load_lanes(cosine + i, lanes), s = load_lanes(sine + i, lanes);
    const Vec first = load_lanes(x + i, lanes), second = load_lanes(x + half + i, lanes);
    store_lanes(x + i, lanes, fma(first, c, -(second * s)));
    store_lanes(x + half + i, lanes, fma(second, c, first * s));
  });
}

void rope(ThreadPool& pool, const RopeArgs& a) {
  const int64_t half = a.head_dim / 2;
  // A sine takes as long as some twenty floats.
  for_ranges(pool, a.tokens, (a.heads + 20) * a.head_dim, [&](int64_t begin, int64_t end, int thread) {
    auto* frequency = static_cast<float*>(pool.scratch(thread, static_cast<size_t>(3 * half + 1) * sizeof(float)));
    float *cosine = frequency + half, *sine = cosine + half;
    for (int64_t i = 0; i < half; ++i) {
      const float exponent = static_cast<float>(2 * i) / static_cast<float>(a.head_dim);
      frequency[i] = 1.0f / static_cast<float>(__builtin_pow(static_cast<double>(a.theta), static_cast<double>(exponent)));
    }
    for (int64_t t = begin; t < end; ++t) {
      for (int64_t i = 0; i < half; ++i) {
        const float angle = static_cast<float>(a.positions[t]) * frequency[i];
        cosine[i] = static_cast<float>(__builtin_cos(static_cast<double>(angle)));
        sine[i] = static_cast<float>(__builtin_sin(static_cast<double>(angle)));
      }
      for (int64_t h = 0; h < a.heads; ++h) rotate_head(a.x + (t * a.heads + h) * a.head_dim, cosine, sine, half);
    }
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
