#include "layers/conv_state.h"

#include <algorithm>

#include "layers/ops.h"

namespace gpa {

Matrix FrameTail::join(Context& ctx, const Matrix& x, int64_t room) const {
  if (rows_ == 0) return x;
  if (rows_ <= room) {
    const Matrix joined{x.data - rows_ * x.cols, rows_ + x.rows, x.cols};
    copy_part(ctx, frames_.floats(), x.cols, joined.data, x.cols, rows_, x.cols);
    return joined;
  }
  const Matrix joined = ctx.arena.matrix(rows_ + x.rows, x.cols);
  copy_part(ctx, frames_.floats(), x.cols, joined.data, x.cols, rows_, x.cols);
  copy_part(ctx, x.data, x.cols, joined.data + rows_ * x.cols, x.cols, x.rows, x.cols);
  return joined;
}

void FrameTail::keep(Context& ctx, const Matrix& joined, int64_t rows) {
  const int64_t floats = rows * joined.cols;
  if (floats > room_) {
    frames_ = Buffer(ctx.queue, static_cast<size_t>(floats) * sizeof(float));
    room_ = floats;
  }
  rows_ = rows;
  copy_part(ctx, joined.data + joined.rows * joined.cols - floats, joined.cols, frames_.floats(), joined.cols, rows, joined.cols);
}

ConvState::Window ConvState::advance(Context& ctx, const Matrix& x, bool last, int64_t room) {
  const int64_t begin = seen_ - tail_.rows(), end = seen_ + x.rows;
  const int64_t out = std::max<int64_t>(0, seen_ - pad_), out_end = last ? end : std::max<int64_t>(0, end - pad_);
  const Matrix joined = tail_.join(ctx, x, room);
  const int64_t kept = tail_.rows();
  const bool in_place = joined.data + kept * x.cols == x.data;
  if (!last) {
    tail_.keep(ctx, joined, end - std::max<int64_t>(0, out_end - pad_));
    seen_ = end;
  }
  const int64_t before = out - begin;
  return {joined, pad_ - before, {joined.data + before * x.cols, out_end - out, x.cols}, in_place ? room - kept + before : before};
}

UpConvState::Window UpConvState::advance(Context& ctx, const Matrix& x, bool last, int64_t room) {
  const int64_t begin = seen_ - tail_.rows(), end = seen_ + x.rows;
  const int64_t out = std::max<int64_t>(0, seen_ * stride_ - crop_);
  const int64_t out_end = last ? end * stride_ : std::max<int64_t>(0, end * stride_ - crop_);
  const Matrix joined = tail_.join(ctx, x, room);
  if (!last) {
    const int64_t next_row = (out_end + crop_) / stride_;
    tail_.keep(ctx, joined, end - std::min(end, std::max<int64_t>(0, next_row - (taps_per_phase_ - 1))));
    seen_ = end;
  }
  return {joined, out + crop_ - begin * stride_, out_end - out};
}

}  // namespace gpa
