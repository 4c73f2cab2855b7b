// What the encoders do for each element, many times over: compiled for each instruction set, with the same results to the bit.
#pragma once
#include "quantize/tile.h"

namespace gpa {

struct SearchTable {
  // The scale, of either sign, that leaves the least weighted squared error; 0 for zeros.
  void (*search_scale)(const Tile& tile, Levels levels, Candidates candidates, PerLane& scale);
  // As above with the 16 levels of IQ4_NL, of which `levels` are the ends.
  void (*search_scale_iq4_nl)(const Tile& tile, Levels levels, Candidates candidates, PerLane& scale);
  // The scale and min, both >= 0, for the levels 0 ... most.
  void (*search_fit)(const Tile& tile, float most, Fit& fit);

  // The integer s in [-128, 127] near wanted / unit that makes s unit the best scale, and the error it leaves.
  void (*choose_scale)(const Tile& tile, Levels levels, const PerLane& unit, const PerLane& wanted, PerLane& s, PerLane& error);
  // The integers s.scale and s.min in [0, 63] near wanted / unit that make s unit the best fit, and the error it leaves.
  void (*choose_fit)(const Tile& tile, float most, const Fit& unit, const Fit& wanted, Fit& s, PerLane& error);

  void (*sums)(const Tile& tile, Levels levels, const Fit& fit, Sums& sums);
  void (*codes)(const Tile& tile, Levels levels, const Fit& fit, Codes& codes);
  void (*codes_iq4_nl)(const Tile& tile, const PerLane& scale, Codes& codes);
};

namespace portable {
const SearchTable& searches();
}
namespace avx2 {
const SearchTable& searches();
}
namespace avx512 {
const SearchTable& searches();
}

}  // namespace gpa
