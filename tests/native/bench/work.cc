#include "bench/work.h"

#include <algorithm>

namespace gpa::bench {
namespace {

KernelTable counted, inner;
Work sum;

double bytes_of(const Weight& w) { return static_cast<double>(dtype_bytes(w.type, w.rows * w.cols)); }

void add_product(double multiply_adds, const Weight& w, Rounding rounding) {
  (rounding == Rounding::kInt8 && dtype_quantized(w.type) ? sum.int8 : sum.flop) += 2 * multiply_adds;
  sum.bytes += bytes_of(w);
}

void linears(Queue& queue, const LinearArgs* maps, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const LinearArgs& map = maps[i];
    add_product(static_cast<double>(map.rows) * static_cast<double>(map.w.rows * map.w.cols), map.w, map.rounding);
  }
  inner.linears(queue, maps, count);
}

void conv1d(Queue& queue, const Conv1dArgs& a) {
  add_product(static_cast<double>(a.out_frames) * static_cast<double>(a.w.rows * a.w.cols), a.w, a.rounding);
  inner.conv1d(queue, a);
}

void conv_transpose1d(Queue& queue, const ConvTranspose1dArgs& a) {
  add_product(static_cast<double>(a.frames) * static_cast<double>(a.w.rows * a.w.cols), a.w, a.rounding);
  inner.conv_transpose1d(queue, a);
}

void depthwise_conv1d(Queue& queue, const DepthwiseConv1dArgs& a) {
  sum.flop += 2 * static_cast<double>(a.frames * a.channels * a.taps);
  inner.depthwise_conv1d(queue, a);
}

void attention(Queue& queue, const AttentionArgs& a) {
  for (const AttentionSequence* s = a.sequences; s < a.sequences + a.count; ++s) {
    const auto seen = static_cast<double>(a.mask == Mask::kCausal ? s->keys - s->queries / 2 : s->keys);
    sum.flop += 4 * static_cast<double>(s->queries * a.heads * a.head_dim) * seen;
    sum.bytes += 2 * static_cast<double>(dtype_bytes(a.kv_type, s->keys * a.kv_heads * a.head_dim));
  }
  inner.attention(queue, a);
}

void nearest(Queue& queue, const NearestArgs& a) {
  sum.flop += 2 * static_cast<double>(a.rows * a.cols) * static_cast<double>(a.code_count);
  sum.bytes += static_cast<double>(a.code_count * a.cols) * sizeof(float);
  inner.nearest(queue, a);
}

}  // namespace

double Work::least_seconds(const Limits& limits) const {
  if (limits.stream <= 0 || limits.flop <= 0 || (int8 > 0 && limits.int8 <= 0)) return 0;
  return std::max(flop / limits.flop + (int8 > 0 ? int8 / limits.int8 : 0), bytes / limits.stream);
}

const KernelTable& counting(const KernelTable& kernels) {
  counted = inner = kernels;
  counted.linears = linears;
  counted.conv1d = conv1d;
  counted.conv_transpose1d = conv_transpose1d;
  counted.depthwise_conv1d = depthwise_conv1d;
  counted.attention = attention;
  counted.nearest = nearest;
  sum = {};
  return counted;
}

Work& work() { return sum; }

}  // namespace gpa::bench
