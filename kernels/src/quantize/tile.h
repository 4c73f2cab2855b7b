// Sub-blocks side by side, one a lane, as the searches take them.
#pragma once
#include <cstdint>

namespace gpa {

inline constexpr int kLanes = 16;
inline constexpr int kMostElements = 32;

// One number for each sub-block.
struct alignas(64) PerLane {
  float v[kLanes];

  float& operator[](int lane) { return v[lane]; }
  float operator[](int lane) const { return v[lane]; }
};

// Of each sub-block, `size` values x and weights w > 0. Lanes without a sub-block hold zeros.
struct Tile {
  int size;  // 16 or 32
  PerLane x[kMostElements];
  PerLane w[kMostElements];
};

// x ~ scale q - min for the q nearest to (x + min) / scale of low, low + 1, ... high.
struct Levels {
  float low, high;
};
struct Fit {
  PerLane scale, min;
};

// Sums of w times 1, x, q, x q and q^2.
struct Sums {
  PerLane w, x, q, xq, qq;
};

// What is stored of a level: q - low, or the code.
struct Codes {
  uint8_t v[kMostElements][kLanes];
};

}  // namespace gpa
