#include "quantize/source.h"

#include <algorithm>
#include <cmath>

#include "float_bits.h"

namespace gpa {
namespace {

constexpr float kLargestValue = 0x1p30f, kLeastWeight = 0x1p-20f;

void cut(PerLane& values) {
  for (float& x : values.v) {
    const float size = std::fabs(x);
    const float cut = size < kSmallestValue ? 0.0f : size;
    x = std::copysign(cut < kLargestValue ? cut : kLargestValue, x);
  }
}

}  // namespace

TileReader::TileReader(const Source& source, int size, int group) : source_(source), group_(group) {
  tile_.size = size;
  for (PerLane& weights : tile_.w) std::fill(weights.v, weights.v + kLanes, 1.0f);
}

const Tile& TileReader::read(int64_t first) {
  const int size = tile_.size;
  const int64_t begin = first * size;
  const int lanes = static_cast<int>(std::min<int64_t>(kLanes, (source_.count - begin) / size));
  const float* values = source_.values + begin;
  for (int i = 0; i < size; ++i) {
    PerLane& x = tile_.x[i];
    for (int lane = 0; lane < lanes; ++lane) x[lane] = values[lane * size + i];
    for (int lane = lanes; lane < kLanes; ++lane) x[lane] = 0;
    cut(x);
  }
  if (source_.importance)
    for (int lane = 0; lane < lanes; lane += group_) read_weights(begin + lane * size, lane);
  return tile_;
}

void TileReader::read_weights(int64_t at, int lane) {
  const float* importance = source_.importance + at % source_.cols;
  const float most = *std::max_element(importance, importance + group_ * tile_.size);
  for (int j = 0; j < group_; ++j) {
    for (int i = 0; i < tile_.size; ++i)
      tile_.w[i][lane + j] = most > 0 ? std::max(importance[j * tile_.size + i] / most, kLeastWeight) : 1.0f;
  }
}

uint16_t scale_bits(float scale) {
  const float size = std::fabs(scale);
  if (size == 0) return 0;
  const uint16_t sign = std::signbit(scale) ? 0x8000 : 0;
  if (size >= 65504.0f) return sign | 0x7bff;
  const uint16_t bits = f32_to_f16(size);
  return sign | (bits ? bits : uint16_t{1});
}

uint16_t unit_bits(float scale) {
  const uint16_t bits = scale_bits(scale);
  const bool larger = std::fabs(f16_to_f32(bits)) < std::fabs(scale) && (bits & 0x7fff) < 0x7bff;
  return static_cast<uint16_t>(bits + larger);
}

}  // namespace gpa
