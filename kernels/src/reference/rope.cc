#include <cmath>

#include "reference/ops.h"

namespace gpa::reference {

void rope(ThreadPool&, const RopeArgs& a) {
  const int64_t half = a.head_dim / 2;
  for (int64_t t = 0; t < a.tokens; ++t) {
    for (int64_t i = 0; i < half; ++i) {
      const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(a.head_dim);
      const double angle = a.positions[t] * std::pow(static_cast<double>(a.theta), exponent);
      const double cosine = std::cos(angle), sine = std::sin(angle);
      for (int64_t h = 0; h < a.heads; ++h) {
        float* x = a.x + (t * a.heads + h) * a.head_dim;
        const double first = x[i], second = x[i + half];
        x[i] = static_cast<float>(first * cosine - second * sine);
        x[i + half] = static_cast<float>(second * cosine + first * sine);
      }
    }
  }
}

}  // namespace gpa::reference
