// Where tiles come from, and how scales go into blocks.
#pragma once
#include "quantize/tile.h"

namespace gpa {

struct Source {
  const float* values;      // rows, one after the other
  const float* importance;  // of a row's columns, or null
  int64_t count, cols;
};

// Below this everything is 0: half of the smallest f16, thus of the smallest scale.
inline constexpr float kSmallestValue = 0x1p-25f;

// The source's sub-blocks of `size` elements; `group` of them, whole tiles or parts of one, lie in one block.
// Values are cut to +-2^30, more than any block type holds, and are 0 below kSmallestValue: squares and their sums stay in range.
// Weights are the importance relative to the block's largest, 2^-20 at least; 1 without importance.
class TileReader {
 public:
  TileReader(const Source& source, int size, int group);

  // The sub-blocks first ... first + kLanes - 1, as many of them as there are; valid until the next call.
  const Tile& read(int64_t first);

 private:
  void read_weights(int64_t at, int lane);

  Source source_;
  int group_;
  Tile tile_;
};

// The f16 to store for a scale: neither infinite nor, unless the scale is zero, zero.
uint16_t scale_bits(float scale);
// The same, but away from zero: for units of integer scales, of which the largest must not be too small.
uint16_t unit_bits(float scale);

}  // namespace gpa
