#include <cmath>

#include "reference/ops.h"

namespace gpa::reference {

void layer_norm(Queue&, const LayerNormArgs& a) {
  for (int64_t r = 0; r < a.rows; ++r) {
    const float* x = a.x + r * a.cols;
    float* y = a.y + r * a.cols;
    double mean = 0, var = 0;
    for (int64_t c = 0; c < a.cols; ++c) mean += x[c];
    mean /= static_cast<double>(a.cols);
    for (int64_t c = 0; c < a.cols; ++c) var += (x[c] - mean) * (x[c] - mean);
    var /= static_cast<double>(a.cols);
    const double inverse = 1 / std::sqrt(var + a.eps);
    for (int64_t c = 0; c < a.cols; ++c) {
      const double scale = a.scale ? a.scale[c] : 1, shift = a.shift ? a.shift[c] : 0;
      y[c] = static_cast<float>((x[c] - mean) * inverse * scale + shift);
    }
  }
}

void rms_norm_row(const float* x, int64_t cols, const float* w, float eps, float* y) {
  double squares = 0;
  for (int64_t c = 0; c < cols; ++c) squares += static_cast<double>(x[c]) * x[c];
  const double inverse = 1 / std::sqrt(squares / static_cast<double>(cols) + eps);
  for (int64_t c = 0; c < cols; ++c) y[c] = static_cast<float>(x[c] * inverse * w[c]);
}

void rms_norm(Queue&, const RmsNormArgs& a) {
  for (int64_t r = 0; r < a.rows; ++r) rms_norm_row(a.x + r * a.cols, a.cols, a.w, a.eps, a.y + r * a.cols);
}

}  // namespace gpa::reference
