// Short forms of the kernels for networks: a Linear and matrices in, the argument structs filled.
#pragma once
#include <vector>

#include "layers/context.h"
#include "models/weights.h"

namespace gpa {

// What follows a product; the Linear brings the bias.
inline Epilogue epilogue_of(const Linear& linear, Epilogue epilogue) {
  epilogue.bias = linear.bias;
  return epilogue;
}

// y = epilogue(prologue(x) W^T + b).  x [rows, inputs], y [rows, outputs].
inline void linear(Context& ctx, const Matrix& x, const Linear& map, Matrix y, Epilogue epilogue = {}, const Prologue& prologue = {}) {
  ctx.kernels.linear(ctx.queue, {x.data, x.rows, map.weight, epilogue_of(map, epilogue), y.data, ctx.rounding, prologue});
}

// The same into a new matrix of the arena.
inline Matrix linear(Context& ctx, const Matrix& x, const Linear& map, Epilogue epilogue = {}, const Prologue& prologue = {}) {
  const Matrix y = ctx.arena.matrix(x.rows, map.weight.rows);
  linear(ctx, x, map, y, epilogue, prologue);
  return y;
}

struct ConvShape {
  int64_t taps;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t groups = 1;
  int64_t pad_left = 0;
  const float* snake = nullptr;  // x goes through Snake first
};

// y [out_frames, out_channels]: y.rows says how many frames are wanted, hence the padding on the right.
inline void conv1d(Context& ctx, const Matrix& x, const Linear& conv, const ConvShape& shape, Matrix y, Epilogue epilogue = {}) {
  ctx.kernels.conv1d(ctx.queue, {.x = x.data,
                                .frames = x.rows,
                                .in_channels = x.cols,
                                .w = conv.weight,
                                .taps = shape.taps,
                                .stride = shape.stride,
                                .dilation = shape.dilation,
                                .groups = shape.groups,
                                .pad_left = shape.pad_left,
                                .out_frames = y.rows,
                                .epilogue = epilogue_of(conv, epilogue),
                                .y = y.data,
                                .rounding = ctx.rounding,
                                .snake = shape.snake});
}

// y may be x.
inline void layer_norm(Context& ctx, const Matrix& x, const Norm& norm, float eps, Matrix y) {
  ctx.kernels.layer_norm(ctx.queue, {x.data, x.rows, x.cols, norm.scale, norm.shift, eps, y.data});
}

inline void activate(Context& ctx, Matrix x, Activation activation) {
  ctx.kernels.activate(ctx.queue, {x.data, x.rows * x.cols, activation, x.data});
}

// y = x * scale + shift + add; each part may be null, y may be x or add.
inline void affine(Context& ctx, const Matrix& x, const float* scale, const float* shift, const float* add, Matrix y) {
  ctx.kernels.affine(ctx.queue, {x.data, x.rows, x.cols, scale, shift, add, y.data});
}

// y += x.
inline void add(Context& ctx, const Matrix& x, Matrix y) { affine(ctx, x, nullptr, nullptr, y.data, y); }

// Copies a rows x cols part of one matrix to a part of another that it does not overlap; strides are the floats between their rows.
inline void copy_part(Context& ctx, const float* from, int64_t from_stride, float* to, int64_t to_stride, int64_t rows, int64_t cols) {
  const auto bytes = [](int64_t floats) { return static_cast<size_t>(floats) * sizeof(float); };
  ctx.queue.copy(to, bytes(to_stride), from, bytes(from_stride), bytes(cols), static_cast<size_t>(rows));
}

// Replaces *ids by the nearest code of each row of x; both results are traced under their names.
inline void nearest_codes(Context& ctx, const Matrix& x, const float* codes, int64_t code_count, Metric metric, const char* ids_name,
                          const char* margin_name, std::vector<int32_t>* ids) {
  Arena::Scope scope(ctx.arena);
  int32_t* const nearest = ctx.arena.ints(x.rows);
  const Matrix margin = ctx.arena.matrix(1, x.rows);
  ctx.kernels.nearest(ctx.queue, {x.data, x.rows, x.cols, codes, code_count, metric, nearest, margin.data});
  const int32_t* const found = ctx.download(nearest, x.rows);
  ids->assign(found, found + x.rows);
  ctx.trace_ids(ids_name, ids->data(), x.rows);
  ctx.trace(margin_name, margin);
}

}  // namespace gpa
