// rotate_and_store. Angles are rounded as Hugging Face's f32 code does (frequency, then product), sines are double's.
#pragma once
#include "cpu/norm.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// What a part works in: [head_dim / 2] each, and the key's head [head_dim].
struct HeadScratch {
  float *frequency, *cosine, *sine, *key;

  static int64_t floats(int64_t head_dim) { return head_dim / 2 * 3 + head_dim; }
  HeadScratch(float* memory, int64_t half) : frequency(memory), cosine(memory + half), sine(memory + 2 * half), key(memory + 3 * half) {}
};

inline void find_frequencies(const RotateAndStoreArgs& a, const HeadScratch& scratch) {
  for (int64_t i = 0; i < a.head_dim / 2; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(a.head_dim);
    scratch.frequency[i] = 1.0f / static_cast<float>(__builtin_pow(static_cast<double>(a.theta), static_cast<double>(exponent)));
  }
}

inline void find_rotations(int32_t position, int64_t half, const HeadScratch& scratch) {
  for (int64_t i = 0; i < half; ++i) {
    const float angle = static_cast<float>(position) * scratch.frequency[i];
    scratch.cosine[i] = static_cast<float>(__builtin_cos(static_cast<double>(angle)));
    scratch.sine[i] = static_cast<float>(__builtin_sin(static_cast<double>(angle)));
  }
}

// to = rotated(normed(x)), all [head_dim]; x and to may be equal.
inline void enter_head(const RotateAndStoreArgs& a, const HeadScratch& scratch, const float* x, const float* norm, float* to) {
  const int64_t half = a.head_dim / 2;
  if (norm) {
    rms_norm_row(x, a.head_dim, norm, a.eps, to);
    x = to;
  }
  for_vectors(half, [&](int64_t i, int64_t lanes) {
    const Vec c = load_lanes(scratch.cosine + i, lanes), s = load_lanes(scratch.sine + i, lanes);
    const Vec first = load_lanes(x + i, lanes), second = load_lanes(x + half + i, lanes);
    store_lanes(to + i, lanes, fma(first, c, -(second * s)));
    store_lanes(to + half + i, lanes, fma(second, c, first * s));
  });
}

// `count` values as elements of the type (F32 or F16), from element `offset` behind the slot on.
inline void store_values(DType type, const float* from, int64_t count, void* slot, int64_t offset) {
  void* to = static_cast<char*>(slot) + dtype_bytes(type, offset);
  for_vectors(count, [&](int64_t i, int64_t lanes) {
    const Vec v = load_lanes(from + i, lanes);
    if (type == DType::kF16)
      lanes == kWidth ? v.store_f16(static_cast<uint16_t*>(to) + i) : store_first_f16(static_cast<uint16_t*>(to) + i, lanes, v);
    else
      store_lanes(static_cast<float*>(to) + i, lanes, v);
  });
}

inline void rotate_and_store_row(const RotateAndStoreArgs& a, int64_t r, const HeadScratch& scratch) {
  find_rotations(a.positions[r], a.head_dim / 2, scratch);
  for (int64_t h = 0; h < a.heads; ++h) {
    float* q = a.q + (r * a.heads + h) * a.head_dim;
    enter_head(a, scratch, q, a.q_norm, q);
  }
  const int64_t width = a.kv_heads * a.head_dim;
  for (int64_t at = 0; at < width; at += a.head_dim) {
    enter_head(a, scratch, a.k + r * width + at, a.k_norm, scratch.key);
    store_values(a.kv_type, scratch.key, a.head_dim, a.slots[r], a.k_offset + at);
  }
  store_values(a.kv_type, a.v + r * width, width, a.slots[r], a.v_offset);
}

void rotate_and_store(ThreadPool& pool, const RotateAndStoreArgs& a) {
  // A sine takes as long as some twenty floats.
  const int64_t cost = (4 * a.heads + 6 * a.kv_heads + 20) * a.head_dim;
  for_ranges(pool, a.rows, cost, [&](int64_t begin, int64_t end, int thread) {
    const auto bytes = static_cast<size_t>(HeadScratch::floats(a.head_dim)) * sizeof(float);
    const HeadScratch scratch(static_cast<float*>(pool.scratch(thread, bytes)), a.head_dim / 2);
    find_frequencies(a, scratch);
    for (int64_t r = begin; r < end; ++r) rotate_and_store_row(a, r, scratch);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
