#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "reference/ops.h"

namespace gpa::reference {
namespace {

// Divides and penalises; false when no column can be drawn.
bool process(const SampleRow& draw, float* logits, int64_t cols) {
  bool finite = false;
  for (int64_t c = 0; c < cols; ++c) {
    if (draw.seen[c / 32] >> (c % 32) & 1) logits[c] = logits[c] < 0 ? logits[c] * draw.repetition_penalty : logits[c] / draw.repetition_penalty;
    if (!(logits[c] < INFINITY)) return false;
    if (draw.temperature >= kGreedyBelow) logits[c] /= draw.temperature;
    finite = finite || std::isfinite(logits[c]);
  }
  return finite;
}

int32_t pick(const SampleRow& draw, float* logits, int64_t cols) {
  if (!process(draw, logits, cols)) return -1;
  std::vector<int32_t> order(cols);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return logits[a] > logits[b]; });
  if (draw.temperature < kGreedyBelow) return order[0];
  int64_t left = cols;
  if (draw.top_k > 0 && draw.top_k < cols) {
    while (left > draw.top_k && logits[order[left - 1]] < logits[order[draw.top_k - 1]]) --left;
  }
  std::vector<double> weights(left);
  for (int64_t i = 0; i < left; ++i) weights[i] = std::exp(static_cast<double>(logits[order[i]]) - logits[order[0]]);
  double total = std::accumulate(weights.begin(), weights.end(), 0.0), mass = 0;
  for (int64_t i = 0; draw.top_p < 1 && i < left; ++i) {
    mass += weights[i];
    if (mass >= static_cast<double>(draw.top_p) * total) left = i + 1;
  }
  const float largest = logits[order[0]];
  order.resize(left);
  std::sort(order.begin(), order.end());
  total = 0;
  for (int32_t column : order) total += std::exp(static_cast<double>(logits[column]) - largest);
  double rest = draw.uniform * total;
  int32_t last = order[0];  // with any weight: what the rounding of the sum may leave
  for (int32_t column : order) {
    const double weight = std::exp(static_cast<double>(logits[column]) - largest);
    if (weight > 0) last = column;
    rest -= weight;
    if (rest < 0) return column;
  }
  return last;
}

}  // namespace

void sample(Queue&, const SampleArgs& a) {
  for (int64_t r = 0; r < a.rows; ++r) {
    const int32_t column = pick(a.draws[r], a.logits + r * a.cols, a.cols);
    a.columns[r] = column;
    if (column >= 0) a.draws[r].seen[column / 32] |= uint32_t{1} << (column % 32);
  }
}

}  // namespace gpa::reference
