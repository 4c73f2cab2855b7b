// Q4_K and Q5_K: the same but for the number of levels and where their bits lie. A tile is the sub-blocks of two blocks.
#include <algorithm>

#include "float_bits.h"
#include "quantize/encoders.h"

namespace gpa {
namespace {

constexpr int kSubBlocks = 8, kBlocks = kLanes / kSubBlocks;

// The units of a block's scales and minima, as they are stored.
struct Units {
  uint16_t d, dmin;
};

// The integer scales and minima, their units, and the error that is left in each block.
struct Choice {
  Units units[kBlocks];
  Fit integers;
  float error[kBlocks];
};

Fit units_of(const Units* units) {
  Fit fit;
  for (int lane = 0; lane < kLanes; ++lane) {
    fit.scale[lane] = f16_to_f32(units[lane / kSubBlocks].d);
    fit.min[lane] = f16_to_f32(units[lane / kSubBlocks].dmin);
  }
  return fit;
}

Fit fit_of(const Choice& choice) {
  Fit fit = units_of(choice.units);
  for (int lane = 0; lane < kLanes; ++lane) {
    fit.scale[lane] *= choice.integers.scale[lane];
    fit.min[lane] *= choice.integers.min[lane];
  }
  return fit;
}

// The largest scale and minimum at 63.
void first_units(const Fit& wanted, Units* units) {
  const auto unit = [](const float* of_block) { return unit_bits(*std::max_element(of_block, of_block + kSubBlocks) / 63); };
  for (int b = 0; b < kBlocks; ++b) units[b] = {unit(wanted.scale.v + kSubBlocks * b), unit(wanted.min.v + kSubBlocks * b)};
}

void choose(const SearchTable& searches, const Tile& tile, float most, const Fit& wanted, Choice& choice) {
  PerLane error;
  searches.choose_fit(tile, most, units_of(choice.units), wanted, choice.integers, error);
  for (int b = 0; b < kBlocks; ++b) {
    choice.error[b] = 0;
    for (int j = 0; j < kSubBlocks; ++j) choice.error[b] += error[kSubBlocks * b + j];
  }
}

// The units that suit the levels that the choice leads to: least squares over the block.
void refit(const SearchTable& searches, const Tile& tile, float most, const Choice& choice, Units* units) {
  Sums sums;
  searches.sums(tile, {0, most}, fit_of(choice), sums);
  for (int b = 0; b < kBlocks; ++b) {
    float mm = 0, mx = 0, sm = 0, sx = 0, ss = 0;
    for (int lane = kSubBlocks * b; lane < kSubBlocks * (b + 1); ++lane) {
      const float s = choice.integers.scale[lane], m = choice.integers.min[lane];
      mm += m * m * sums.w[lane];
      mx += m * sums.x[lane];
      sm += s * m * sums.q[lane];
      sx += s * sums.xq[lane];
      ss += s * s * sums.qq[lane];
    }
    const float determinant = mm * ss - sm * sm;
    units[b] = choice.units[b];
    if (determinant > 0) {
      const float d = (mm * sx - sm * mx) / determinant, dmin = (sm * sx - ss * mx) / determinant;
      if (d > 0 && dmin >= 0) units[b] = {scale_bits(d), scale_bits(dmin)};
    } else if (mm == 0 && sx > 0) {
      units[b] = {scale_bits(sx / ss), 0};
    } else if (ss == 0 && mx < 0) {
      units[b] = {0, scale_bits(-mx / mm)};
    }
  }
}

void keep_better(const Choice& tried, Choice& best) {
  for (int b = 0; b < kBlocks; ++b) {
    if (!(tried.error[b] < best.error[b])) continue;
    best.units[b] = tried.units[b];
    best.error[b] = tried.error[b];
    for (int lane = kSubBlocks * b; lane < kSubBlocks * (b + 1); ++lane) {
      best.integers.scale[lane] = tried.integers.scale[lane];
      best.integers.min[lane] = tried.integers.min[lane];
    }
  }
}

// Each sub-block's own fit, then integers for all of a block's fits with units for the largest, then with units refitted to those.
Choice search(const SearchTable& searches, const Tile& tile, float most) {
  Fit wanted;
  Choice best, tried;
  searches.search_fit(tile, most, wanted);
  first_units(wanted, best.units);
  choose(searches, tile, most, wanted, best);
  refit(searches, tile, most, best, tried.units);
  choose(searches, tile, most, wanted, tried);
  keep_better(tried, best);
  return best;
}

void store_scales(const float* scale, const float* min, uint8_t* packed) {
  for (int j = 0; j < 4; ++j) {
    const int s = static_cast<int>(scale[j]), m = static_cast<int>(min[j]);
    const int later_s = static_cast<int>(scale[j + 4]), later_m = static_cast<int>(min[j + 4]);
    packed[j] = static_cast<uint8_t>(s | later_s >> 4 << 6);
    packed[j + 4] = static_cast<uint8_t>(m | later_m >> 4 << 6);
    packed[j + 8] = static_cast<uint8_t>((later_s & 15) | (later_m & 15) << 4);
  }
}

template <class Block>
void store(const Choice& choice, const Codes& codes, int b, Block& block) {
  const int first = kSubBlocks * b;
  block.d = choice.units[b].d;
  block.dmin = choice.units[b].dmin;
  store_scales(choice.integers.scale.v + first, choice.integers.min.v + first, block.scales);
  for (int e = 0; e < 128; ++e) {
    const uint8_t* low = codes.v[e % 32] + first + e / 32 * 2;
    block.qs[e] = static_cast<uint8_t>((low[0] & 15) | (low[1] & 15) << 4);
  }
}

template <class Block, class Extra>
void encode_tiles(const SearchTable& searches, const Source& source, float most, Block* blocks, Extra extra) {
  TileReader reader(source, 32, kSubBlocks);
  Codes codes;
  for (int64_t i = 0; i < source.count / 256; i += kBlocks) {
    const Tile& tile = reader.read(kSubBlocks * i);
    const Choice choice = search(searches, tile, most);
    searches.codes(tile, {0, most}, fit_of(choice), codes);
    for (int b = 0; b < std::min<int64_t>(kBlocks, source.count / 256 - i); ++b) {
      store(choice, codes, b, blocks[i + b]);
      extra(codes, b, blocks[i + b]);
    }
  }
}

void store_fifth_bits(const Codes& codes, int b, BlockQ5_K& block) {
  for (int l = 0; l < 32; ++l) {
    int bits = 0;
    for (int j = 0; j < kSubBlocks; ++j) bits |= codes.v[l][kSubBlocks * b + j] >> 4 << j;
    block.qh[l] = static_cast<uint8_t>(bits);
  }
}

}  // namespace

void encode(const SearchTable& searches, const Source& source, BlockQ4_K* blocks) {
  encode_tiles(searches, source, 15, blocks, [](const Codes&, int, BlockQ4_K&) {});
}

void encode(const SearchTable& searches, const Source& source, BlockQ5_K* blocks) {
  encode_tiles(searches, source, 31, blocks, store_fifth_bits);
}

}  // namespace gpa
