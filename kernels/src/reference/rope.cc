#include <cmath>

#include "reference/ops.h"

namespace gpa::reference {

void rope(Queue&, const RopeArgs& a) {
  const int64_t half = a.head_dim / 2;
  for (int64_t t = 0; t < a.tokens; ++t) {
    for (int64_t i = 0; i < half; ++i) {
      // Frequency and angle are rounded to f32 as Hugging Face's code does: at position 1000 that is already
      // a difference of 1e-5.
      const float exponent = static_cast<float>(2 * i) / static_cast<float>(a.head_dim);
      const float power = static_cast<float>(std::pow(static_cast<double>(a.theta), static_cast<double>(exponent)));
      const float angle = static_cast<float>(a.positions[t]) * (1.0f / power);
      const double cosine = std::cos(static_cast<double>(angle)), sine = std::sin(static_cast<double>(angle));
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
