// Products with few rows (decoding): weights are read once for all rows, straight from the model file, and transposed in
// registers, so that a lane is a weight row. Sums are taken in the order of gemm_block.h: a row of y has the same bits in
// a batch of any size.
#pragma once
#include "cpu/int8_vec.h"
#include "cpu/product.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int64_t kFewRows = 8;
constexpr int64_t kMostDotColumns = 64;

// v[k] = column k of kWidth weight rows, `lanes` <= kWidth columns from k on; absent rows (null) are zero.
template <DType type>
inline __attribute__((always_inline)) void load_columns(const char* const (&rows)[kWidth], int64_t k, int64_t lanes, Vec (&v)[kWidth]) {
#pragma GCC unroll 16
  for (int r = 0; r < kWidth; ++r) v[r] = rows[r] ? load_weights<type>(rows[r], k, lanes) : Vec::zero();
  transpose_steps<1>(v);
}

// sum[m] += the products of `lanes` columns with x[m][0 ... lanes).
template <int M>
inline __attribute__((always_inline)) void add_columns(const Vec (&v)[kWidth], const float* x, int64_t x_row, int64_t lanes, Vec (&sum)[M]) {
#pragma GCC unroll 16
  for (int k = 0; k < kWidth; ++k) {
    if (k >= lanes) break;
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) sum[m] = fma(Vec::broadcast(x[m * x_row + k]), v[k], sum[m]);
  }
}

// 16-bit weights two columns at a time: a lane is transposed with both, then taken apart.
template <DType type, int M>
inline __attribute__((always_inline)) void add_pairs(const char* const (&rows)[kWidth], int64_t k, const float* x, int64_t x_row, Vec (&sum)[M]) {
  Vec pair[kWidth];
#pragma GCC unroll 16
  for (int r = 0; r < kWidth; ++r) pair[r] = Vec::load(reinterpret_cast<const float*>(rows[r] + 2 * k));
  transpose_steps<1>(pair);
#pragma GCC unroll 16
  for (int i = 0; i < kWidth; ++i) {
    const Ints both = bits_of(pair[i]);
    const Vec low = type == DType::kF16 ? low_halves(both) : from_bits(both << 16);
    const Vec high = type == DType::kF16 ? low_halves(both >> 16) : from_bits(both & static_cast<int32_t>(0xffff0000u));
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) sum[m] = fma(Vec::broadcast(x[m * x_row + 2 * i]), low, sum[m]);
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) sum[m] = fma(Vec::broadcast(x[m * x_row + 2 * i + 1]), high, sum[m]);
  }
}

// out[m][r] = x row m . weight row r < kWidth; rows of x and out x_row and out_row apart.
template <DType type, int M>
void dot_panel(const float* x, int64_t x_row, const char* const (&rows)[kWidth], int64_t depth, float* out, int64_t out_row) {
  Vec total[M];
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) total[m] = Vec::zero();
  const int64_t block = block_of_depth(type, depth);
  for (int64_t begin = 0; begin < depth; begin += block) {
    const int64_t end = smaller(begin + block, depth);
    Vec sum[M];
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) sum[m] = Vec::zero();
    int64_t k = begin;
    if (type != DType::kF32 && rows[kWidth - 1])
      for (; k + 2 * kWidth <= end; k += 2 * kWidth) add_pairs<type, M>(rows, k, x + k, x_row, sum);
    for (; k < end; k += kWidth) {
      const int64_t lanes = smaller<int64_t>(kWidth, end - k);
      Vec v[kWidth];
      load_columns<type>(rows, k, lanes, v);
      add_columns<M>(v, x + k, x_row, lanes, sum);
    }
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) total[m] = begin > 0 ? sum[m] + total[m] : sum[m];
  }
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) total[m].store(out + m * out_row);
}

using DotPanel = void (*)(const float*, int64_t, const char* const (&)[kWidth], int64_t, float*, int64_t);

template <DType type, int... I>
DotPanel dot_panel_of(int64_t rows, Indices<I...>) {
  static constexpr DotPanel kPanels[] = {dot_panel<type, I + 1>...};
  return kPanels[rows - 1];
}

inline DotPanel dot_panel_of(DType type, int64_t rows) {
  constexpr auto kCounts = Iota<static_cast<int>(kFewRows) - 1>();
  if (type == DType::kF16) return dot_panel_of<DType::kF16>(rows, kCounts);
  if (type == DType::kBF16) return dot_panel_of<DType::kBF16>(rows, kCounts);
  return dot_panel_of<DType::kF32>(rows, kCounts);
}

inline void multiply_few_rows(ThreadPool& pool, const Product& p) {
  const int64_t cols = p.cols(), depth = p.depth();
  const bool direct = p.contiguous() && p.inside(0) && p.inside(p.rows - 1);
  const DotPanel dot = dot_panel_of(p.w.type, p.rows);
  // Small pieces keep all threads busy to the end; below 32 KB or so of weights one is not worth handing out.
  const int64_t least = larger<int64_t>(1, 8192 / depth);
  const int64_t even = ceil_div(cols * p.groups, static_cast<int64_t>(pool.threads()) * 4);
  const int64_t piece = smaller(smaller(round_up(larger(least, even), kWidth), kMostDotColumns), cols);
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
    for (int64_t n = 0; n < count; n += kWidth) {
      const char* rows[kWidth];
      for (int r = 0; r < kWidth; ++r) rows[r] = n + r < count ? weight_row(p.w, group * cols + first + n + r) : nullptr;
      dot(x, x_row, rows, depth, sums[0] + n, kMostDotColumns);
    }
    const float* repeated = repeat_bias(p, first, count, bias);
    for (int64_t row = 0; row < p.rows; ++row) store_row(p, group, row, first, count, sums[row], repeated);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
