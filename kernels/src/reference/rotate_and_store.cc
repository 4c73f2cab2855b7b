#include <cmath>
#include <vector>

#include "reference/ops.h"

namespace gpa::reference {
namespace {

// to = rotated(normed(x)), all [head_dim]; x and to may be equal.
void enter_head(const RotateAndStoreArgs& a, int32_t position, const float* x, const float* norm, float* to) {
  const int64_t half = a.head_dim / 2;
  std::vector<float> in(x, x + a.head_dim);
  if (norm) rms_norm_row(x, a.head_dim, norm, a.eps, in.data());
  for (int64_t i = 0; i < half; ++i) {
    // Frequency and angle are rounded to f32 as Hugging Face's code does: at position 1000 that is already
    // a difference of 1e-5.
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(a.head_dim);
    const float power = static_cast<float>(std::pow(static_cast<double>(a.theta), static_cast<double>(exponent)));
    const float angle = static_cast<float>(position) * (1.0f / power);
    const double cosine = std::cos(static_cast<double>(angle)), sine = std::sin(static_cast<double>(angle));
    const double first = in[i], second = in[i + half];
    to[i] = static_cast<float>(first * cosine - second * sine);
    to[i + half] = static_cast<float>(second * cosine + first * sine);
  }
}

void store(const RotateAndStoreArgs& a, const float* head, void* slot, int64_t offset) {
  convert_elements(DType::kF32, head, a.kv_type, static_cast<char*>(slot) + dtype_bytes(a.kv_type, offset), a.head_dim);
}

}  // namespace

void rotate_and_store(Queue&, const RotateAndStoreArgs& a) {
  std::vector<float> key(static_cast<size_t>(a.head_dim));
  for (int64_t r = 0; r < a.rows; ++r) {
    for (int64_t h = 0; h < a.heads; ++h) {
      float* q = a.q + (r * a.heads + h) * a.head_dim;
      enter_head(a, a.positions[r], q, a.q_norm, q);
    }
    for (int64_t h = 0; h < a.kv_heads; ++h) {
      const int64_t from = (r * a.kv_heads + h) * a.head_dim;
      enter_head(a, a.positions[r], a.k + from, a.k_norm, key.data());
      store(a, key.data(), a.slots[r], a.k_offset + h * a.head_dim);
      store(a, a.v + from, a.slots[r], a.v_offset + h * a.head_dim);
    }
  }
}

}  // namespace gpa::reference
