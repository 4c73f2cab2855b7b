// One description of every dense product: linear layers, convolutions, transposed convolutions.
#pragma once
#include "cpu/epilogue.h"
#include "cpu/gemm_tile.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// C[t, n] = sum_k A[t, k] w[n, k], t < rows, n < w.rows, for each of `groups` slices of channels.
// Row t of A is `taps` runs of `run` floats: run j is x[t * stride + j * dilation - pad_left], from channel
// group * run on, zero outside the frames. For a linear layer there is one tap and a row of A is a row of x.
// C[t, group * cols + n] is the element  t * y_row + group * cols + n - crop  of y, stored where that is in [0, y_size).
struct Product {
  const float* x = nullptr;
  int64_t frames = 0;
  int64_t channels = 0;
  int64_t taps = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_left = 0;
  int64_t groups = 1;
  Weight w;
  const char* panels = nullptr;  // packed weights (packed_weights.h), from the panel on that has the first row; null: read from w.data
  int64_t skew = 0;              // rows of that panel ahead of the first: columns that are computed, but not stored
  int64_t rows = 0;
  Prologue prologue = {};  // of the rows of x, which are frames x channels; with more than one tap, only Snake
  Epilogue epilogue;
  int64_t bias_period = 0;  // where not 0, the bias has so many elements and is repeated
  float* y = nullptr;
  int64_t y_row = 0;
  int64_t y_size = 0;
  int64_t crop = 0;

  int64_t cols() const { return w.rows / groups + skew; }
  int64_t depth() const { return w.cols; }
  int64_t run() const { return channels / groups; }
  // A row of A is one piece of x (but for the padding).
  bool contiguous() const { return groups == 1 && (taps == 1 || dilation == 1); }
  bool inside(int64_t row) const {
    const int64_t frame = row * stride - pad_left;
    return frame >= 0 && frame + (taps - 1) * dilation < frames;
  }
};

inline const char* weight_row(const Weight& w, int64_t row) {
  return static_cast<const char*>(w.data) + row * dtype_bytes(w.type, w.cols);
}

// How much of K is summed before it is added to the rest: the blocks of K that every kernel takes.
inline int64_t block_of_depth(DType type, int64_t depth) {
  return dtype_quantized(type) ? kBlock : ceil_div(depth, ceil_div(depth, kBlock));
}

// to[0 ... depth) = A[row, first_k ... first_k + depth) of a group.
inline void copy_row(const Product& p, int64_t group, int64_t row, int64_t first_k, int64_t depth, float* to) {
  const int64_t frame = row * p.stride - p.pad_left;
  if (p.contiguous()) {
    const int64_t start = frame * p.channels + first_k;
    const int64_t low = smaller(larger<int64_t>(-start, 0), depth);
    const int64_t high = larger(low, smaller(depth, p.frames * p.channels - start));
    zero_floats(to, low);
    copy_floats(to + low, p.x + start + low, high - low);
    return zero_floats(to + high, depth - high);
  }
  const int64_t run = p.run();
  for (int64_t k = first_k; k < first_k + depth;) {
    const int64_t tap = k / run, offset = k % run;
    const int64_t count = smaller(run - offset, first_k + depth - k);
    const int64_t from = frame + tap * p.dilation;
    if (from >= 0 && from < p.frames)
      copy_floats(to, p.x + from * p.channels + group * run + offset, count);
    else
      zero_floats(to, count);
    to += count;
    k += count;
  }
}

// Stores row `row`, columns first ... first + count of a group, from their sums.
inline void store_row(const Product& p, int64_t group, int64_t row, int64_t first, int64_t count, const float* sum,
                      const float* repeated_bias) {
  const int64_t column = group * p.cols() + first - p.skew;
  const int64_t start = row * p.y_row + column - p.crop;
  const int64_t low = larger<int64_t>(larger(-start, -column), 0), high = smaller(count, p.y_size - start);
  if (high <= low) return;
  Epilogue e = shifted(p.epilogue, column + low, start + low);
  if (repeated_bias) e.bias = repeated_bias + low;
  finish_row(sum + low, high - low, e, p.y + start + low);
}

// Asks for the memory that store_row() will write.
inline void prefetch_row(const Product& p, int64_t row, int64_t first, int64_t count) {
  const int64_t start = row * p.y_row + first - p.skew - p.crop;
  const int64_t low = larger<int64_t>(-start, 0), high = smaller(count, p.y_size - start);
  for (int64_t i = low; i < high; i += 64 / static_cast<int64_t>(sizeof(float))) __builtin_prefetch(p.y + start + i, 1);
}

// The bias of columns first ... first + count, where it repeats; null otherwise.
inline const float* repeat_bias(const Product& p, int64_t first, int64_t count, float* to) {
  if (!p.bias_period || !p.epilogue.bias) return nullptr;
  for (int64_t c = 0; c < count; ++c) to[c] = p.epilogue.bias[(first + c) % p.bias_period];
  return to;
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
