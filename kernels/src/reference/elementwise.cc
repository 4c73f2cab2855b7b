#include <algorithm>
#include <cmath>

#include "reference/ops.h"

namespace gpa::reference {

void activate(Queue&, const ActivateArgs& a) {
  for (int64_t i = 0; i < a.count; ++i) a.y[i] = static_cast<float>(activation_of(a.activation, a.x[i]));
}

void affine(Queue&, const AffineArgs& a) {
  for (int64_t r = 0; r < a.rows; ++r) {
    for (int64_t c = 0; c < a.cols; ++c) {
      double y = a.x[r * a.cols + c];
      if (a.scale) y *= a.scale[c];
      if (a.shift) y += a.shift[c];
      if (a.add) y += a.add[r * a.cols + c];
      a.y[r * a.cols + c] = static_cast<float>(y);
    }
  }
}

void mean_rows(Queue&, const MeanRowsArgs& a) {
  for (int64_t begin = 0, p = 0; begin < a.rows; begin += a.window, ++p) {
    const int64_t end = std::min(begin + a.window, a.rows);
    for (int64_t c = 0; c < a.cols; ++c) {
      double sum = 0;
      for (int64_t r = begin; r < end; ++r) sum += a.x[r * a.cols + c];
      a.y[p * a.cols + c] = static_cast<float>(sum / static_cast<double>(end - begin));
    }
  }
}

}  // namespace gpa::reference
