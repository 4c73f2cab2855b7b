#include "quantize/source.h"

#include <algorithm>
#include <cmath>

#include "float_bits.h"

namespace gpa {
namespace {

constexpr float kLargest = 0x1p30f, kSmallest = 0x1p-25f, kLeastWeight = 0x1p-20f;

void load_values(const float* src, int size, int lane, Tile& tile) {
  for (int i = 0; i < size; ++i) {
    const float x = std::min(std::max(src[i], -kLargest), kLargest);
    tile.x[i][lane] = std::fabs(x) < kSmallest ? 0.0f : x;
  }
}

void load_weights(const float* importance, int size, int group, int lane, Tile& tile) {
  const float most = *std::max_element(importance, importance + group * size);
  for (int j = 0; j < group; ++j) {
    for (int i = 0; i < size; ++i)
      tile.w[i][lane + j] = most > 0 ? std::max(importance[j * size + i] / most, kLeastWeight) : 1.0f;
  }
}

}  // namespace

void load_tile(const Source& source, int64_t first, int group, Tile& tile) {
  const int size = tile.size;
  for (int lane = 0; lane < kLanes; ++lane) {
    const int64_t at = (first + lane) * size;
    if (at < source.count) {
      load_values(source.values + at, size, lane, tile);
      if (source.importance && lane % group == 0) load_weights(source.importance + at % source.cols, size, group, lane, tile);
    } else {
      for (int i = 0; i < size; ++i) tile.x[i][lane] = 0;
    }
    if (!source.importance || at >= source.count)
      for (int i = 0; i < size; ++i) tile.w[i][lane] = 1;
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

}  // namespace gpa
