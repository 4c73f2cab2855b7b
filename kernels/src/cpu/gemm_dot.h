// Products with few rows (decoding): dot products that read each weight once for all rows, straight from the model file.
// They sum in another order than gemm_block.h (kWidth partial sums of K), so that a row's last bits differ between
// a batch of fewer than kFewRows rows and a larger one; within either kind they do not depend on the batch.
#pragma once
#include "cpu/product.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int64_t kFewRows = 8;
constexpr int64_t kMostDotColumns = 64;

// out[m][n] = x row m . w row n.
template <DType type, int M, int N>
void dots(const float* x, int64_t x_row, const char* w, int64_t w_bytes, int64_t depth, float* out, int64_t out_row) {
  Vec sum[N][M];
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n)
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) sum[n][m] = Vec::zero();
  const auto step = [&](int64_t k, int64_t lanes) __attribute__((always_inline)) {
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      const Vec weights = load_weights<type>(w + n * w_bytes, k, lanes);
#pragma GCC unroll 8
      for (int m = 0; m < M; ++m) sum[n][m] = fma(weights, load_lanes(x + m * x_row + k, lanes), sum[n][m]);
    }
  };
  for_vectors(depth, step);
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n)
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) out[m * out_row + n] = reduce_add(sum[n][m]);
}

constexpr int dot_columns(int rows) {
  if (kRegisters == 32) return rows <= 2 ? 8 : rows <= 6 ? 4 : 2;
  return rows == 1 ? 8 : rows <= 3 ? 4 : 2;
}

template <DType type, int M>
void dot_rows(const float* x, int64_t x_row, const char* w, int64_t w_bytes, int64_t cols, int64_t depth, float* out) {
  constexpr int kColumns = dot_columns(M);
  int64_t n = 0;
  for (; n + kColumns <= cols; n += kColumns)
    dots<type, M, kColumns>(x, x_row, w + n * w_bytes, w_bytes, depth, out + n, kMostDotColumns);
  for (; n < cols; ++n) dots<type, M, 1>(x, x_row, w + n * w_bytes, w_bytes, depth, out + n, kMostDotColumns);
}

using DotRows = void (*)(const float*, int64_t, const char*, int64_t, int64_t, int64_t, float*);

template <DType type, int... I>
DotRows dot_rows_of(int64_t rows, Indices<I...>) {
  static constexpr DotRows kRows[] = {dot_rows<type, I + 1>...};
  return kRows[rows - 1];
}

inline DotRows dot_rows_of(DType type, int64_t rows) {
  constexpr auto kCounts = Iota<static_cast<int>(kFewRows) - 1>();
  if (type == DType::kF16) return dot_rows_of<DType::kF16>(rows, kCounts);
  if (type == DType::kBF16) return dot_rows_of<DType::kBF16>(rows, kCounts);
  return dot_rows_of<DType::kF32>(rows, kCounts);
}

inline void multiply_few_rows(ThreadPool& pool, const Product& p) {
  const int64_t cols = p.cols(), depth = p.depth();
  const bool direct = p.contiguous() && p.inside(0) && p.inside(p.rows - 1);
  const DotRows dot = dot_rows_of(p.w.type, p.rows);
  // Small pieces keep all threads busy to the end; below 32 KB or so of weights one is not worth handing out.
  const int64_t least = larger<int64_t>(1, 8192 / depth);
  const int64_t even = ceil_div(cols * p.groups, static_cast<int64_t>(pool.threads()) * 4);
  const int64_t piece = smaller(smaller(round_up(larger(least, even), 8), kMostDotColumns), cols);
  const int64_t pieces = ceil_div(cols, piece);
  run_parts(pool, pieces * p.groups, [&](int64_t part, int thread) {
    const int64_t group = part / pieces, first = part % pieces * piece;
    const int64_t count = smaller(piece, cols - first);
    const float* x = nullptr;
    int64_t x_row = p.stride * p.channels;
    if (direct) {
      x = p.x - p.pad_left * p.channels;
    } else {
      auto* copy = static_cast<float*>(pool.scratch(thread, static_cast<size_t>(p.rows * depth) * sizeof(float)));
      for (int64_t row = 0; row < p.rows; ++row) copy_row(p, group, row, 0, depth, copy + row * depth);
      x = copy;
      x_row = depth;
    }
    float sums[kFewRows][kMostDotColumns], bias[kMostDotColumns];
    const char* w = weight_row(p.w, group * cols + first);
    dot(x, x_row, w, weight_row(p.w, 1) - weight_row(p.w, 0), count, depth, sums[0]);
    const float* repeated = repeat_bias(p, first, count, bias);
    for (int64_t row = 0; row < p.rows; ++row) store_row(p, group, row, first, count, sums[row], repeated);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
