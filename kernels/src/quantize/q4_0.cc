// Q4_0 and IQ4_NL: one scale a block, which is the best that is found; a tile is 16 blocks.
#include <algorithm>

#include "float_bits.h"
#include "quantize/encoders.h"

namespace gpa {
namespace {

constexpr Levels kLevels{-8, 7};

template <class Block>
void store(const Codes& codes, int lane, uint16_t d, Block& block) {
  block.d = d;
  for (int j = 0; j < 16; ++j) block.qs[j] = static_cast<uint8_t>(codes.v[j][lane] | codes.v[j + 16][lane] << 4);
}

// search(tile, scale) finds the scales, code(tile, scale, codes) the codes for those that are stored.
template <class Block, class Search, class Code>
void encode_tiles(const Source& source, Block* blocks, Search search, Code code) {
  Tile tile;
  tile.size = 32;
  PerLane scale;
  Codes codes;
  for (int64_t first = 0; first < source.count / 32; first += kLanes) {
    load_tile(source, first, 1, tile);
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
  encode_tiles(
      source, blocks, [&](const Tile& tile, PerLane& scale) { searches.search_scale(tile, kLevels, scale); },
      [&](const Tile& tile, const PerLane& scale, Codes& codes) { searches.codes(tile, kLevels, Fit{scale, {}}, codes); });
}

void encode(const SearchTable& searches, const Source& source, BlockIQ4_NL* blocks) {
  encode_tiles(source, blocks, searches.search_scale_iq4_nl, searches.codes_iq4_nl);
}

}  // namespace gpa
