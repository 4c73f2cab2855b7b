// linear, conv1d, conv_transpose1d, embed, depthwise_conv1d.
#pragma once
#include "cpu/gemm_block.h"
#include "cpu/gemm_dot.h"
#include "cpu/int8_product.h"
#if defined(GPA_ISA_AMX)
#include "cpu/gemm_amx.h"
#endif

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// Whether a convolution rounds its frames: it must be able to, block by block.
inline bool convolves_rounded(Rounding rounding, const Product& p) {
  return rounding == Rounding::kInt8 && dtype_quantized(p.w.type) && p.groups == 1 && p.channels % kLevelBlock == 0;
}

inline void multiply(ThreadPool& pool, Product p, Rounding rounding = Rounding::kNone) {
  if (p.rows <= 0 || p.w.rows <= 0) return;
  if (convolves_rounded(rounding, p)) return convolve_int8(pool, p);
  p.x = entering_rows(pool, p);
#if defined(GPA_ISA_AMX)
  multiply_by_tiles(pool, p);
#else
  if (p.panels && p.rows <= kMostPackedRows)
    multiply_packed_rows(pool, p);
  else if (p.rows < kFewRows && !dtype_quantized(p.w.type))
    multiply_few_rows(pool, p);
  else
    multiply_many_rows(pool, p);
#endif
}

inline bool rounds(const LinearArgs& a) { return a.rounding == Rounding::kInt8 && dtype_quantized(a.w.type); }

inline Product product_of(ThreadPool& pool, const LinearArgs& a) {
  // Weights of block types are packed for rounded products alone.
  const bool packs = rounds(a) || !dtype_quantized(a.w.type);
  const PackedRows found = packs ? pool.packed_rows(a.w.data) : PackedRows{nullptr, 0};
  const int64_t skew = found.row % panel_rows(a.w.type);
  const auto* panels = static_cast<const char*>(found.panels);
  return {.x = a.x,
          .frames = a.rows,
          .channels = a.w.cols,
          .w = a.w,
          .panels = panels ? panels + (found.row - skew) * dtype_bytes(a.w.type, a.w.cols) : nullptr,
          .skew = skew,
          .rows = a.rows,
          .prologue = a.prologue,
          .epilogue = a.epilogue,
          .y = a.y,
          .y_row = a.w.rows,
          .y_size = a.rows * a.w.rows};
}

// Products in f32 first: what the prologue makes for them and the levels of the others lie in the same memory.
void linears(ThreadPool& pool, const LinearArgs* maps, int64_t count) {
  const float* x = nullptr;
  for (int64_t i = 0; i < count; ++i) {
    if (rounds(maps[i])) continue;
    Product p = product_of(pool, maps[i]);
    if (!x) x = entering_rows(pool, p);
    p.x = x;
    p.prologue = {};
    multiply(pool, p);
  }
  Product rounded[kMostProducts];
  int64_t together = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (!rounds(maps[i])) continue;
    rounded[together++] = product_of(pool, maps[i]);
    if (together < kMostProducts) continue;
    multiply_int8(pool, rounded, together);
    together = 0;
  }
  if (together > 0) multiply_int8(pool, rounded, together);
}

// The panels of a matrix (KernelTable::pack).
inline void pack(Queue& queue, const Weight& w, void* to) {
  const int64_t row_bytes = dtype_bytes(w.type, w.cols), height = panel_rows(w.type);
  for_ranges(static_cast<ThreadPool&>(queue), ceil_div(w.rows, height), height * w.cols, [&](int64_t begin, int64_t end, int) {
    for (int64_t first = begin * height; first < end * height; first += height) {
      const char* rows = static_cast<const char*>(w.data) + first * row_bytes;
      char* panel = static_cast<char*>(to) + first * row_bytes;
      const int64_t count = smaller(height, w.rows - first);
      if (dtype_quantized(w.type))
        level_kernel(w.type).pack(rows, row_bytes, 0, w.cols, count, panel);
      else
        value_kernel(w.type).pack(rows, w.cols, count, panel);
    }
  });
}

void conv1d(ThreadPool& pool, const Conv1dArgs& a) {
  multiply(pool, {.x = a.x,
                  .frames = a.frames,
                  .channels = a.in_channels,
                  .taps = a.taps,
                  .stride = a.stride,
                  .dilation = a.dilation,
                  .pad_left = a.pad_left,
                  .groups = a.groups,
                  .w = a.w,
                  .rows = a.out_frames,
                  .prologue = {.snake = a.snake},
                  .epilogue = a.epilogue,
                  .y = a.y,
                  .y_row = a.w.rows,
                  .y_size = a.out_frames * a.w.rows}, a.rounding);
}

// The full output's frames stride * q ... stride * q + stride - 1 are row q of one product; cropping moves its start.
void conv_transpose1d(ThreadPool& pool, const ConvTranspose1dArgs& a) {
  const int64_t all = a.frames + a.taps_per_phase - 1;
  const int64_t computed = larger<int64_t>(0, smaller(a.out_frames, all * a.stride - a.crop_left));
  const int64_t first = a.crop_left / a.stride;  // earlier rows are cropped away
  multiply(pool, {.x = a.x,
                  .frames = a.frames,
                  .channels = a.in_channels,
                  .taps = a.taps_per_phase,
                  .pad_left = a.taps_per_phase - 1 - first,
                  .w = a.w,
                  .rows = computed > 0 ? ceil_div(a.crop_left + computed, a.stride) - first : 0,
                  .prologue = {.snake = a.snake},
                  .epilogue = {.bias = a.bias},
                  .bias_period = a.out_channels,
                  .y = a.y,
                  .y_row = a.stride * a.out_channels,
                  .y_size = computed * a.out_channels,
                  .crop = a.crop_left % a.stride * a.out_channels}, a.rounding);
  for (int64_t t = computed; t < a.out_frames; ++t)
    for (int64_t o = 0; o < a.out_channels; ++o) a.y[t * a.out_channels + o] = a.bias ? a.bias[o] : 0.0f;
}

inline void depthwise_conv1d(ThreadPool& pool, const DepthwiseConv1dArgs& a) {
  for_ranges(pool, a.out_frames, a.channels * (a.taps + 1), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      const int64_t first = larger<int64_t>(0, a.pad_left - t);
      const int64_t last = smaller(a.taps, a.frames + a.pad_left - t);
      const float* x = a.x + (t - a.pad_left) * a.channels;
      for_vectors(a.channels, [&](int64_t c, int64_t lanes) {
        Vec sum = a.bias ? load_lanes(a.bias + c, lanes) : Vec::zero();
        for (int64_t j = first; j < last; ++j)
          sum = fma(load_lanes(x + j * a.channels + c, lanes), load_lanes(a.w + j * a.channels + c, lanes), sum);
        store_lanes(a.y + t * a.channels + c, lanes, sum);
      });
    }
  });
}

inline void embed(ThreadPool& pool, const EmbedArgs& a) {
  const int64_t cols = a.table.cols;
  for_ranges(pool, a.count, cols, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const char* row = weight_row(a.table, a.ids[i]);
      if (dtype_quantized(a.table.type)) {
        decode_blocks(a.table.type, row, a.y + i * cols, cols);
        continue;
      }
      for_vectors(cols, [&](int64_t c, int64_t lanes) {
        Vec v;
        if (a.table.type == DType::kF16)
          v = load_weights<DType::kF16>(row, c, lanes);
        else if (a.table.type == DType::kBF16)
          v = load_weights<DType::kBF16>(row, c, lanes);
        else
          v = load_weights<DType::kF32>(row, c, lanes);
        store_lanes(a.y + i * cols + c, lanes, v);
      });
    }
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
