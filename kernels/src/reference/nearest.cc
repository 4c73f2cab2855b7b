#include <cmath>

#include "reference/ops.h"

namespace gpa::reference {
namespace {

// Smaller is nearer: squared distance, or minus the cosine (a zero vector's cosine is 0).
double distance(const NearestArgs& a, const float* x, const float* code) {
  double squared = 0, dot = 0, xx = 0, cc = 0;
  for (int64_t i = 0; i < a.cols; ++i) {
    const double xi = x[i], ci = code[i];
    squared += (xi - ci) * (xi - ci);
    dot += xi * ci;
    xx += xi * xi;
    cc += ci * ci;
  }
  if (a.metric == Metric::kEuclidean) return squared;
  return xx > 0 && cc > 0 ? -dot / std::sqrt(xx * cc) : 0;
}

}  // namespace

void nearest(Queue&, const NearestArgs& a) {
  for (int64_t r = 0; r < a.rows; ++r) {
    double best = INFINITY, second = INFINITY;
    int32_t id = 0;
    for (int64_t n = 0; n < a.code_count; ++n) {
      const double d = distance(a, a.x + r * a.cols, a.codes + n * a.cols);
      if (d < best) {
        second = best;
        best = d;
        id = static_cast<int32_t>(n);
      } else if (d < second) {
        second = d;
      }
    }
    a.ids[r] = id;
    if (a.margin) a.margin[r] = static_cast<float>(second - best);
  }
}

}  // namespace gpa::reference
