// activate, affine, mean_rows.
#pragma once
#include "cpu/epilogue.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

void activate(ThreadPool& pool, const ActivateArgs& a) {
  for_ranges(pool, a.count, 6, [&](int64_t begin, int64_t end, int) {
    for_vectors(end - begin, [&](int64_t i, int64_t lanes) {
      store_lanes(a.y + begin + i, lanes, activate(a.activation, load_lanes(a.x + begin + i, lanes)));
    });
  });
}

void affine(ThreadPool& pool, const AffineArgs& a) {
  for_ranges(pool, a.rows, a.cols * 2, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      for_vectors(a.cols, [&](int64_t c, int64_t lanes) {
        Vec v = load_lanes(a.x + r * a.cols + c, lanes);
        if (a.scale) v = v * load_lanes(a.scale + c, lanes);
        if (a.shift) v = v + load_lanes(a.shift + c, lanes);
        if (a.add) v = v + load_lanes(a.add + r * a.cols + c, lanes);
        store_lanes(a.y + r * a.cols + c, lanes, v);
      });
    }
  });
}

// Sums of many rows (a whole utterance) are taken in pieces, so that rounding does not grow with their number.
void mean_rows(ThreadPool& pool, const MeanRowsArgs& a) {
  constexpr int64_t kPiece = 64;
  const int64_t windows = ceil_div(a.rows, a.window);
  const int64_t vectors = ceil_div(a.cols, kWidth);
  for_ranges(pool, windows * vectors, smaller(a.window, a.rows) * kWidth, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t window = i / vectors, c = i % vectors * kWidth;
      const int64_t lanes = smaller<int64_t>(kWidth, a.cols - c);
      const int64_t first = window * a.window, last = smaller(first + a.window, a.rows);
      Vec sum = Vec::zero();
      for (int64_t row = first; row < last; row += kPiece) {
        Vec part = Vec::zero();
        for (int64_t r = row; r < smaller(row + kPiece, last); ++r) part = part + load_lanes(a.x + r * a.cols + c, lanes);
        sum = sum + part;
      }
      store_lanes(a.y + window * a.cols + c, lanes, sum / Vec::broadcast(static_cast<float>(last - first)));
    }
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
