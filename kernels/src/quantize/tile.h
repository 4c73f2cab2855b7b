// Sub-blocks side by side, one a lane, as the searches take them.
#pragma once
#include <cstdint>

namespace gpa {

inline constexpr int kLanes = 16;
inline constexpr int kMostSize = 32;

// One number for each sub-block.
struct alignas(64) PerLane {
  float v[kLanes];

  float& operator[](int lane) { return v[lane]; }
  float operator[](int lane) const { return v[lane]; }
};

// x[i] and w[i] hold the i-th value and its weight > 0 of every sub-block. Lanes without a sub-block hold zeros.
struct Tile {
  int size;  // of a sub-block: 16 or 32
  PerLane x[kMostSize];
  PerLane w[kMostSize];
};

// A fit: x ~ scale q - min for the q nearest to (x + min) / scale of low, low + 1, ... high.
struct Levels {
  float low, high;
};
struct Fit {
  PerLane scale, min;
};

// Scales to try: the value of the largest magnitude goes to the lowest level or to the highest, or up to `steps` times `step`
// to either side of it.
struct Candidates {
  int steps;
  float step;
};

// Of the levels that a fit leads to: sums of w times 1, x, q, x q and q^2.
struct Sums {
  PerLane w, x, q, xq, qq;
};

// What is stored of a level: q - low, or the code.
struct Codes {
  uint8_t v[kMostSize][kLanes];
};

}  // namespace gpa
