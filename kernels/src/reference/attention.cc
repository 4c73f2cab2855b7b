#include <algorithm>
#include <cmath>
#include <vector>

#include "reference/ops.h"

namespace gpa::reference {
namespace {

bool visible(const AttentionArgs& a, int64_t position, int64_t key) {
  if (a.mask == Mask::kFull || key <= position) return true;
  return a.mask == Mask::kBlockCausal && key / a.block == position / a.block;
}

// The key (value) of one token and head as f32; offset: k_offset (v_offset).
void read(const AttentionArgs& a, const AttentionSequence& s, int64_t token, int64_t head, int64_t offset, float* out) {
  const int64_t element = offset + token % a.page_tokens * a.kv_stride + head * a.head_dim;
  const auto* page = static_cast<const char*>(s.pages[token / a.page_tokens]);
  convert_elements(a.kv_type, page + dtype_bytes(a.kv_type, element), DType::kF32, out, a.head_dim);
}

// y [head_dim] of one query of one head.
void attend(const AttentionArgs& a, const AttentionSequence& s, int64_t head, int64_t position, const float* q, float* y) {
  const int64_t kv_head = head / (a.heads / a.kv_heads);
  std::vector<float> row(a.head_dim);
  std::vector<double> scores(s.keys), sum(a.head_dim);
  double largest = -INFINITY, total = 0;
  for (int64_t key = 0; key < s.keys; ++key) {
    if (!visible(a, position, key)) continue;
    read(a, s, key, kv_head, a.k_offset, row.data());
    double score = 0;
    for (int64_t i = 0; i < a.head_dim; ++i) score += static_cast<double>(q[i]) * row[i];
    scores[key] = score * a.scale;
    largest = std::max(largest, scores[key]);
  }
  for (int64_t key = 0; key < s.keys; ++key) {
    if (!visible(a, position, key)) continue;
    const double weight = std::exp(scores[key] - largest);
    total += weight;
    read(a, s, key, kv_head, a.v_offset, row.data());
    for (int64_t i = 0; i < a.head_dim; ++i) sum[i] += weight * row[i];
  }
  for (int64_t i = 0; i < a.head_dim; ++i) y[i] = static_cast<float>(sum[i] / total);
}

}  // namespace

void attention(Queue&, const AttentionArgs& a) {
  for (const AttentionSequence* s = a.sequences; s < a.sequences + a.count; ++s) {
    for (int64_t t = 0; t < s->queries; ++t) {
      for (int64_t head = 0; head < a.heads; ++head) {
        const int64_t row = s->first_row + t;
        attend(a, *s, head, s->position + t, a.q + row * a.q_stride + head * a.head_dim, a.y + row * a.y_stride + head * a.head_dim);
      }
    }
  }
}

}  // namespace gpa::reference
