// Q4_0 and IQ4_NL: one scale a block, the best that is found; a tile is 16 blocks.
#include <algorithm>
#include <cmath>

#include "float_bits.h"
#include "quantize/encoders.h"

namespace gpa {
namespace {

template <class Block>
void store(const Codes& codes, int lane, uint16_t d, Block& block) {
  block.d = d;
  for (int j = 0; j < 16; ++j) block.qs[j] = static_cast<uint8_t>(codes.v[j][lane] | codes.v[j + 16][lane] << 4);
}

// search(tile, scale) finds the scales, code(tile, scale, codes) the codes for those that are stored.
template <class Block, class Search, class Code>
void encode_tiles(const Source& source, Block* blocks, Search search, Code code) {
  TileReader reader(source, 32, 1);
  PerLane scale;
  Codes codes;
  for (int64_t first = 0; first < source.count / 32; first += kLanes) {
    const Tile& tile = reader.read(first);
    search(tile, scale);
    uint16_t d[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      d[lane] = scale_bits(scale[lane]);
      scale[lane] = f16_to_f32(d[lane]);
    }
    code(tile, scale, codes);
    const int count = static_cast<int>(std::min<int64_t>(kLanes, source.count / 32 - first));
    for (int lane = 0; lane < count; ++lane) store(codes, lane, d[lane], blocks[first + lane]);
  }
}

}  // namespace

void encode(const SearchTable& searches, const Source& source, BlockQ4_0* blocks) {
  constexpr Levels kLevels{-8, 7};
  encode_tiles(
      source, blocks, [&](const Tile& tile, PerLane& scale) { searches.search_scale(tile, kLevels, {18, 0.1f}, scale); },
      [&](const Tile& tile, const PerLane& scale, Codes& codes) { searches.codes(tile, kLevels, Fit{scale, {}}, codes); });
}

void encode(const SearchTable& searches, const Source& source, BlockIQ4_NL* blocks) {
  const auto search = [&](const Tile& tile, PerLane& scale) {
    searches.search_scale_iq4_nl(tile, {kIq4NlValues[0], kIq4NlValues[15]}, {7, 3}, scale);
    // No level is 0: with the smallest scale in place of a smaller one, zeros would become larger than they are wrong now.
    for (float& d : scale.v) d = std::fabs(d) < kSmallestValue ? 0 : d;
  };
  encode_tiles(source, blocks, search, searches.codes_iq4_nl);
}

}  // namespace gpa
