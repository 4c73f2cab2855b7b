// nearest: every row against every code, in tiles of rows x codes.
#pragma once
#include "cpu/parallel.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int kNearRows = 4;
constexpr int kNearCodes = kRegisters == 32 ? 4 : 2;
constexpr int64_t kMostNearRows = 64;

// The two nearest so far; "far" is a squared distance, or minus a cosine.
struct Nearest {
  float best, second;
  int32_t id;

  void offer(float far, int64_t code) {
    if (far < best) {
      second = best;
      best = far;
      id = static_cast<int32_t>(code);
    } else if (far < second) {
      second = far;
    }
  }
};

// sum[r][n] = ||x row r - code n||^2, or their dot product.
template <int R, int N, Metric metric>
inline void compare(const float* x, const float* codes, int64_t cols, float (&out)[R][N]) {
  Vec sum[R][N];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) sum[r][n] = Vec::zero();
  for_vectors(cols, [&](int64_t c, int64_t lanes) __attribute__((always_inline)) {
    Vec code[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) code[n] = load_lanes(codes + n * cols + c, lanes);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const Vec v = load_lanes(x + r * cols + c, lanes);
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) {
        if constexpr (metric == Metric::kEuclidean) {
          const Vec d = v - code[n];
          sum[r][n] = fma(d, d, sum[r][n]);
        } else {
          sum[r][n] = fma(v, code[n], sum[r][n]);
        }
      }
    }
  });
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) out[r][n] = reduce_add(sum[r][n]);
}

// 1 / ||v||, 0 for the zero vector (whose cosine with anything is 0).
inline float inverse_norm(const float* v, int64_t cols) {
  float square[1][1];
  compare<1, 1, Metric::kCosine>(v, v, cols, square);
  return square[0][0] > 0 ? 1.0f / __builtin_sqrtf(square[0][0]) : 0.0f;
}

template <int R, int N, Metric metric>
inline void offer_tile(const float* x, const float* x_inverse, const float* codes, const float* code_inverse,
                       int64_t first_code, int64_t cols, Nearest* found) {
  float far[R][N];
  compare<R, N, metric>(x, codes, cols, far);
  for (int r = 0; r < R; ++r)
    for (int n = 0; n < N; ++n)
      found[r].offer(metric == Metric::kEuclidean ? far[r][n] : -(far[r][n] * code_inverse[n]) * x_inverse[r],
                     first_code + n);
}

// Codes are walked once; each handful of them is compared with all rows while it is in the L1 cache.
template <int N, Metric metric>
inline void offer_codes(const NearestArgs& a, int64_t row, int64_t rows, const float* x_inverse, int64_t code,
                        Nearest* found) {
  const float *x = a.x + row * a.cols, *codes = a.codes + code * a.cols;
  float code_inverse[N] = {};
  if (metric == Metric::kCosine)
    for (int n = 0; n < N; ++n) code_inverse[n] = inverse_norm(codes + n * a.cols, a.cols);
  int64_t r = 0;
  for (; r + kNearRows <= rows; r += kNearRows)
    offer_tile<kNearRows, N, metric>(x + r * a.cols, x_inverse + r, codes, code_inverse, code, a.cols, found + r);
  for (; r < rows; ++r)
    offer_tile<1, N, metric>(x + r * a.cols, x_inverse + r, codes, code_inverse, code, a.cols, found + r);
}

template <Metric metric>
inline void nearest_rows(const NearestArgs& a, int64_t row, int64_t rows) {
  Nearest found[kMostNearRows];
  float x_inverse[kMostNearRows] = {};
  for (int64_t r = 0; r < rows; ++r) {
    found[r] = {__builtin_inff(), __builtin_inff(), 0};
    if (metric == Metric::kCosine) x_inverse[r] = inverse_norm(a.x + (row + r) * a.cols, a.cols);
  }
  int64_t code = 0;
  for (; code + kNearCodes <= a.code_count; code += kNearCodes)
    offer_codes<kNearCodes, metric>(a, row, rows, x_inverse, code, found);
  for (; code < a.code_count; ++code) offer_codes<1, metric>(a, row, rows, x_inverse, code, found);
  for (int64_t r = 0; r < rows; ++r) {
    a.ids[row + r] = found[r].id;
    if (a.margin) a.margin[row + r] = found[r].second - found[r].best;
  }
}

void nearest(ThreadPool& pool, const NearestArgs& a) {
  if (a.rows <= 0) return;
  const int64_t rows = smaller(kMostNearRows, round_up(ceil_div(a.rows, pool.threads()), kNearRows));
  run_parts(pool, ceil_div(a.rows, rows), [&](int64_t part, int) {
    const int64_t row = part * rows, count = smaller(rows, a.rows - row);
    if (a.metric == Metric::kEuclidean)
      nearest_rows<Metric::kEuclidean>(a, row, count);
    else
      nearest_rows<Metric::kCosine>(a, row, count);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
