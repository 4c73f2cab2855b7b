// Q6_K: a tile is the 16 sub-blocks of one block.
#include <algorithm>
#include <cmath>

#include "float_bits.h"
#include "quantize/encoders.h"

namespace gpa {
namespace {

constexpr Levels kLevels{-32, 31};

// The integer scales, their unit d, and the error that is left.
struct Choice {
  uint16_t d;
  PerLane scales;
  float error;
};

Fit fit_of(const Choice& choice) {
  Fit fit{};
  for (int j = 0; j < kLanes; ++j) fit.scale[j] = f16_to_f32(choice.d) * choice.scales[j];
  return fit;
}

Choice choose(const SearchTable& searches, const Tile& tile, uint16_t d, const PerLane& wanted) {
  Choice choice{d, {}, 0};
  PerLane unit, error;
  std::fill(unit.v, unit.v + kLanes, f16_to_f32(d));
  searches.choose_scale(tile, kLevels, unit, wanted, choice.scales, error);
  for (int j = 0; j < kLanes; ++j) choice.error += error[j];
  return choice;
}

// The d that suits the levels that the choice leads to.
float refit(const SearchTable& searches, const Tile& tile, const Choice& choice) {
  Sums sums;
  searches.sums(tile, kLevels, fit_of(choice), sums);
  float xq = 0, qq = 0;
  for (int j = 0; j < kLanes; ++j) {
    xq += choice.scales[j] * sums.xq[j];
    qq += choice.scales[j] * choice.scales[j] * sums.qq[j];
  }
  return qq > 0 ? xq / qq : 0.0f;
}

// Which integers the scales fall on is luck: the largest one is put at -128 and at less.
Choice search(const SearchTable& searches, const Tile& tile, const PerLane& wanted) {
  float largest = 0;
  for (float scale : wanted.v) largest = std::fabs(scale) > std::fabs(largest) ? scale : largest;
  Choice best = choose(searches, tile, unit_bits(largest / -128), wanted);
  const auto offer = [&](uint16_t d) {
    const Choice tried = choose(searches, tile, d, wanted);
    if (tried.error < best.error) best = tried;
  };
  offer(unit_bits(largest / -123));
  offer(unit_bits(largest / -118));
  offer(unit_bits(largest / -113));
  offer(scale_bits(refit(searches, tile, best)));
  return best;
}

void store(const Choice& choice, const Codes& codes, BlockQ6_K& block) {
  block.d = choice.d;
  for (int j = 0; j < kLanes; ++j) block.scales[j] = static_cast<int8_t>(choice.scales[j]);
  const auto code = [&](int e) { return codes.v[e % 16][e / 16]; };
  for (int half = 0; half < 2; ++half) {
    const int e = 128 * half;
    for (int l = 0; l < 64; ++l) block.ql[64 * half + l] = static_cast<uint8_t>((code(e + l) & 15) | (code(e + l + 64) & 15) << 4);
    for (int l = 0; l < 32; ++l) {
      int bits = 0;
      for (int i = 0; i < 4; ++i) bits |= code(e + 32 * i + l) >> 4 << 2 * i;
      block.qh[32 * half + l] = static_cast<uint8_t>(bits);
    }
  }
}

}  // namespace

void encode(const SearchTable& searches, const Source& source, BlockQ6_K* blocks) {
  TileReader reader(source, 16, kLanes);
  PerLane wanted;
  Codes codes;
  for (int64_t i = 0; i < source.count / 256; ++i) {
    const Tile& tile = reader.read(kLanes * i);
    searches.search_scale(tile, kLevels, {8, 0.5f}, wanted);
    const Choice choice = search(searches, tile, wanted);
    searches.codes(tile, kLevels, fit_of(choice), codes);
    store(choice, codes, blocks[i]);
  }
}

}  // namespace gpa
