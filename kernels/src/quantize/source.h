// Where tiles come from, and how scales go into blocks.
#pragma once
#include "quantize/tile.h"

namespace gpa {

struct Source {
  const float* values;      // rows, one after the other
  const float* importance;  // of a row's columns, or null
  int64_t count, cols;
};

// The sub-blocks first ... (as many as there are, kLanes at most) of tile.size elements, of which `group` lie in one block.
// Values are cut to +-2^30, more than any block type holds, and are 0 below 2^-25, half of the smallest scale: squares and
// their sums stay in range. Weights are the importance relative to the block's largest, 2^-20 at least; 1 without importance.
void load_tile(const Source& source, int64_t first, int group, Tile& tile);

// The f16 to store for a scale: neither infinite nor, unless the scale is zero, zero.
uint16_t scale_bits(float scale);

}  // namespace gpa
