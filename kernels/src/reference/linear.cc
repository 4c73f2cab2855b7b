#include <cmath>
#include <vector>

#include "reference/ops.h"
#include "rounding.h"

namespace gpa::reference {

double activation_of(Activation activation, double x) {
  switch (activation) {
    case Activation::kNone: return x;
    case Activation::kGelu: return 0.5 * x * std::erfc(-x * std::sqrt(0.5));
    case Activation::kRelu: return x < 0 ? 0.0 : x;
    case Activation::kSilu: return x / (1 + std::exp(-x));
    case Activation::kSigmoid: return 1 / (1 + std::exp(-x));
    case Activation::kTanh: return std::tanh(x);
  }
  return x;
}

float epilogue_of(const Epilogue& epilogue, int64_t m, int64_t n, int64_t cols, double sum) {
  if (epilogue.bias) sum += epilogue.bias[n];
  double y = activation_of(epilogue.activation, sum);
  if (epilogue.gamma) y *= epilogue.gamma[n];
  if (epilogue.residual) y += epilogue.residual[m * cols + n];
  return static_cast<float>(y);
}

void read_row(const Weight& w, int64_t row, float* out) {
  convert_elements(w.type, w.slice_rows(row, 1).data, DType::kF32, out, w.cols);
}

std::vector<float> rounded(Rounding rounding, DType weights, const float* x, int64_t rows, int64_t cols) {
  constexpr int64_t kBlock = 32;
  if (rounding == Rounding::kNone || !dtype_quantized(weights) || cols % kBlock != 0) return {};
  std::vector<float> out(x, x + rows * cols);
  for (size_t begin = 0; begin < out.size(); begin += kBlock) {
    float most = 0;
    for (size_t i = begin; i < begin + kBlock; ++i) most = std::fmax(most, std::fabs(out[i]));
    const bool counts = most >= kLeastRounded;
    const float scale = counts ? most / 127.0f : 0.0f, inverse = counts ? 127.0f / most : 0.0f;
    for (size_t i = begin; i < begin + kBlock; ++i) out[i] = scale * std::nearbyint(out[i] * inverse);
  }
  return out;
}

float snake_of(float x, float alpha) {
  // The product is rounded to f32 as PyTorch does: for large angles that is what decides the sine.
  const float angle = alpha * x;
  const double sine = std::sin(static_cast<double>(angle));
  return static_cast<float>(x + sine * sine / (static_cast<double>(alpha) + 1e-9));
}

// x [rows, w.cols] after the prologue.
std::vector<float> entering(const LinearArgs& a) {
  const Prologue& prologue = a.prologue;
  const int64_t cols = a.w.cols, stride = prologue.row_stride(cols);
  std::vector<float> out(static_cast<size_t>(a.rows * cols));
  for (int64_t m = 0; m < a.rows; ++m) {
    const float* x = a.x + m * stride;
    float* to = out.data() + m * cols;
    if (prologue.norm) {
      rms_norm_row(x, cols, prologue.norm, prologue.eps, to);
    } else {
      for (int64_t k = 0; k < cols; ++k) {
        to[k] = prologue.up      ? static_cast<float>(activation_of(prologue.activation, x[k]) * prologue.up[m * stride + k])
                : prologue.snake ? snake_of(x[k], prologue.snake[k])
                                 : x[k];
      }
    }
  }
  return out;
}

void multiply(const LinearArgs& a, const float* x) {
  std::vector<float> row(a.w.cols);
  for (int64_t n = 0; n < a.w.rows; ++n) {
    read_row(a.w, n, row.data());
    for (int64_t m = 0; m < a.rows; ++m) {
      double sum = 0;
      for (int64_t k = 0; k < a.w.cols; ++k) sum += static_cast<double>(x[m * a.w.cols + k]) * row[k];
      a.y[m * a.w.rows + n] = epilogue_of(a.epilogue, m, n, a.w.rows, sum);
    }
  }
}

void linears(Queue&, const LinearArgs* maps, int64_t count) {
  for (const LinearArgs* a = maps; a < maps + count; ++a) {
    const std::vector<float> x = entering(*a), levels = rounded(a->rounding, a->w.type, x.data(), a->rows, a->w.cols);
    multiply(*a, levels.empty() ? x.data() : levels.data());
  }
}

void embed(Queue&, const EmbedArgs& a) {
  for (int64_t i = 0; i < a.count; ++i) read_row(a.table, a.ids[i], a.y + i * a.table.cols);
}

}  // namespace gpa::reference
