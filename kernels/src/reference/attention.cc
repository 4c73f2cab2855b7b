#include <algorithm>
#include <cmath>
#include <vector>

#include "reference/ops.h"

namespace gpa::reference {
namespace {

bool visible(const AttentionArgs& a, int64_t query, int64_t key) {
  const int64_t position = query + a.position;
  if (a.mask == Mask::kFull || key <= position) return true;
  return a.mask == Mask::kBlockCausal && key / a.block == position / a.block;
}

const float* element(const AttentionArgs& a, const float* const* pages, int64_t key, int64_t head) {
  return pages[key / a.page_tokens] + (key % a.page_tokens) * a.kv_stride + head * a.head_dim;
}

void attend(const AttentionArgs& a) {
  std::vector<double> scores(a.keys), sum(a.head_dim);
  for (int64_t t = 0; t < a.queries; ++t) {
    for (int64_t h = 0; h < a.heads; ++h) {
      const int64_t kv_head = h / (a.heads / a.kv_heads);
      const float* q = a.q + t * a.q_stride + h * a.head_dim;
      double largest = -INFINITY;
      for (int64_t s = 0; s < a.keys; ++s) {
        if (!visible(a, t, s)) continue;
        const float* k = element(a, a.k_pages, s, kv_head);
        double score = 0;
        for (int64_t i = 0; i < a.head_dim; ++i) score += static_cast<double>(q[i]) * k[i];
        scores[s] = score * a.scale;
        largest = std::max(largest, scores[s]);
      }
      double total = 0;
      std::fill(sum.begin(), sum.end(), 0.0);
      for (int64_t s = 0; s < a.keys; ++s) {
        if (!visible(a, t, s)) continue;
        const double weight = std::exp(scores[s] - largest);
        total += weight;
        const float* v = element(a, a.v_pages, s, kv_head);
        for (int64_t i = 0; i < a.head_dim; ++i) sum[i] += weight * v[i];
      }
      float* y = a.y + t * a.y_stride + h * a.head_dim;
      for (int64_t i = 0; i < a.head_dim; ++i) y[i] = static_cast<float>(sum[i] / total);
    }
  }
}

}  // namespace

void attentions(ThreadPool&, const AttentionArgs* sequences, int64_t count) {
  for (int64_t i = 0; i < count; ++i) attend(sequences[i]);
}

}  // namespace gpa::reference
