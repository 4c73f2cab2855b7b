#include "layers/conv_state.h"

#include <algorithm>

namespace gpa {

Matrix FrameTail::join(Context& ctx, const Matrix& x) const {
  if (rows_ == 0) return x;
  const Matrix joined = ctx.arena.matrix(rows_ + x.rows, x.cols);
  std::copy_n(frames_.data(), rows_ * x.cols, joined.data);
  std::copy_n(x.data, x.rows * x.cols, joined.data + rows_ * x.cols);
  return joined;
}

void FrameTail::keep(const Matrix& joined, int64_t rows) {
  const float* end = joined.data + joined.rows * joined.cols;
  frames_.assign(end - rows * joined.cols, end);
  rows_ = rows;
}

ConvState::Window ConvState::advance(Context& ctx, const Matrix& x, bool last) {
  const int64_t begin = seen_ - tail_.rows(), end = seen_ + x.rows;
  const int64_t out = std::max<int64_t>(0, seen_ - pad_), out_end = last ? end : std::max<int64_t>(0, end - pad_);
  const Matrix joined = tail_.join(ctx, x);
  if (!last) {
    tail_.keep(joined, end - std::max<int64_t>(0, out_end - pad_));
    seen_ = end;
  }
  return {joined, begin - out + pad_, {joined.data + (out - begin) * x.cols, out_end - out, x.cols}};
}

UpConvState::Window UpConvState::advance(Context& ctx, const Matrix& x, bool last) {
  const int64_t begin = seen_ - tail_.rows(), end = seen_ + x.rows;
  const int64_t out = std::max<int64_t>(0, seen_ * stride_ - crop_);
  const int64_t out_end = last ? end * stride_ : std::max<int64_t>(0, end * stride_ - crop_);
  const Matrix joined = tail_.join(ctx, x);
  if (!last) {
    const int64_t next_row = (out_end + crop_) / stride_;
    tail_.keep(joined, end - std::min(end, std::max<int64_t>(0, next_row - (taps_per_phase_ - 1))));
    seen_ = end;
  }
  return {joined, out + crop_ - begin * stride_, out_end - out};
}

}  // namespace gpa
