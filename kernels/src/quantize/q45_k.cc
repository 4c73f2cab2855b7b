// Q4_K and Q5_K: the same but for the number of levels and where their bits lie.
#include <algorithm>

#include "quantize/encoders.h"
#include "quantize/scale_search.h"

namespace gpa {
namespace {

constexpr int kSubBlocks = 8, kSize = 32;

// x ~ scale q - min, both >= 0.
struct Affine {
  float scale, min;
};

struct AffineSums {
  float w, x, q, xq, qq;  // sums of w times 1, x, q, x q, q^2

  // The least sum w (x - scale q + min)^2 for these q.
  Affine best() const {
    const float determinant = w * qq - q * q;
    if (!(determinant > 0)) return {0, x < 0 ? -x / w : 0.0f};
    const Affine fit{(w * xq - x * q) / determinant, (q * xq - qq * x) / determinant};
    if (fit.min < 0) return {std::max(xq / qq, 0.0f), 0};
    return {std::max(fit.scale, 0.0f), fit.min};
  }
};

template <int kMost>
Lanes levels_of(Lanes x, float min, float inverse) {
  return nearest(clamp((x + splat(min)) * splat(inverse), 0, kMost));
}

template <int kMost>
AffineSums affine_sums(const float* x, const float* w, float min, float inverse) {
  Lanes sums[5] = {};
  for (int i = 0; i < kSize; i += kLanes) {
    const Lanes value = load(x + i), weight = load(w + i), q = levels_of<kMost>(value, min, inverse);
    const Lanes wx = weight * value, wq = weight * q;
    sums[0] += weight;
    sums[1] += wx;
    sums[2] += wq;
    sums[3] += wx * q;
    sums[4] += wq * q;
  }
  return {sum(sums[0]), sum(sums[1]), sum(sums[2]), sum(sums[3]), sum(sums[4])};
}

template <int kMost>
float affine_error(const float* x, const float* w, Affine fit) {
  const float inverse = inverse_of(fit.scale);
  Lanes error = splat(0);
  for (int i = 0; i < kSize; i += kLanes) {
    const Lanes value = load(x + i), q = levels_of<kMost>(value, fit.min, inverse);
    const Lanes difference = value - (splat(fit.scale) * q - splat(fit.min));
    error += load(w + i) * difference * difference;
  }
  return sum(error);
}

template <int kMost>
Affine search_affine(const float* x, const float* w) {
  const auto [low, high] = std::minmax_element(x, x + kSize);
  const float min = std::max(-*low, 0.0f), range = *high + min;
  if (!(range >= kSmallestValue)) return {0, min};
  Affine best{range / kMost, min};
  float least = affine_error<kMost>(x, w, best);
  for (int i = -10; i <= 10; ++i) {
    const float inverse = (kMost + 0.1f * static_cast<float>(i)) / range;
    const Affine fit = affine_sums<kMost>(x, w, min, inverse).best();
    const float error = affine_error<kMost>(x, w, fit);
    if (error < least) {
      least = error;
      best = fit;
    }
  }
  return best;
}

struct SubScale {
  uint8_t scale, min;
};

template <int kMost>
float choose_scales(const Values<256>& values, Affine unit, const Affine* wanted, SubScale* chosen) {
  float total = 0;
  for (int j = 0; j < kSubBlocks; ++j) {
    const float s0 = nearest(std::min(wanted[j].scale * inverse_of(unit.scale), 63.0f));
    const float m0 = nearest(std::min(wanted[j].min * inverse_of(unit.min), 63.0f));
    float least = INFINITY;
    for (float s = std::max(s0 - 1, 0.0f); s <= std::min(s0 + 1, 63.0f); ++s) {
      for (float m = std::max(m0 - 1, 0.0f); m <= std::min(m0 + 1, 63.0f); ++m) {
        const float error = affine_error<kMost>(values.x + kSize * j, values.w + kSize * j, {unit.scale * s, unit.min * m});
        if (error < least) {
          least = error;
          chosen[j] = {static_cast<uint8_t>(s), static_cast<uint8_t>(m)};
        }
      }
    }
    total += least;
  }
  return total;
}

// The d and dmin that suit the levels that these scales lead to.
template <int kMost>
Affine refit(const Values<256>& values, Affine unit, const SubScale* chosen) {
  AffineSums all{};
  for (int j = 0; j < kSubBlocks; ++j) {
    const float s = chosen[j].scale, m = chosen[j].min;
    const AffineSums part =
        affine_sums<kMost>(values.x + kSize * j, values.w + kSize * j, unit.min * m, inverse_of(unit.scale * s));
    all.w += m * m * part.w;
    all.x += m * part.x;
    all.q += s * m * part.q;
    all.xq += s * part.xq;
    all.qq += s * s * part.qq;
  }
  return all.best();
}

void store_scales(const SubScale* chosen, uint8_t* packed) {
  for (int j = 0; j < 4; ++j) {
    const SubScale first = chosen[j], second = chosen[j + 4];
    packed[j] = static_cast<uint8_t>(first.scale | second.scale >> 4 << 6);
    packed[j + 4] = static_cast<uint8_t>(first.min | second.min >> 4 << 6);
    packed[j + 8] = static_cast<uint8_t>((second.scale & 15) | (second.min & 15) << 4);
  }
}

template <int kMost, class Block>
void encode_scales(const Values<256>& values, Block& block, uint8_t* q) {
  Affine wanted[kSubBlocks], largest{0, 0};
  for (int j = 0; j < kSubBlocks; ++j) {
    wanted[j] = values.zero ? Affine{0, 0} : search_affine<kMost>(values.x + kSize * j, values.w + kSize * j);
    largest = {std::max(largest.scale, wanted[j].scale), std::max(largest.min, wanted[j].min)};
  }
  block.d = scale_bits(largest.scale / 63);
  block.dmin = scale_bits(largest.min / 63);
  SubScale chosen[kSubBlocks], again[kSubBlocks];
  Affine unit{f16_to_f32(block.d), f16_to_f32(block.dmin)};
  const float least = choose_scales<kMost>(values, unit, wanted, chosen);
  const Affine better = refit<kMost>(values, unit, chosen);
  const Affine rounded{f16_to_f32(scale_bits(better.scale)), f16_to_f32(scale_bits(better.min))};
  if (choose_scales<kMost>(values, rounded, wanted, again) < least) {
    unit = rounded;
    block.d = scale_bits(better.scale);
    block.dmin = scale_bits(better.min);
    std::copy(again, again + kSubBlocks, chosen);
  }
  store_scales(chosen, block.scales);
  for (int e = 0; e < 256; e += kLanes) {
    const SubScale sub = chosen[e / kSize];
    const Lanes level = levels_of<kMost>(load(values.x + e), unit.min * sub.min, inverse_of(unit.scale * sub.scale));
    for (int i = 0; i < kLanes; ++i) q[e + i] = static_cast<uint8_t>(level[i]);
  }
}

void store_nibbles(const uint8_t* q, uint8_t* qs) {
  for (int e = 0; e < 128; ++e) {
    const uint8_t* low = q + e / 32 * 64 + e % 32;
    qs[e] = static_cast<uint8_t>((low[0] & 15) | (low[32] & 15) << 4);
  }
}

}  // namespace

void encode(const float* src, const float* importance, BlockQ4_K& block) {
  uint8_t q[256];
  encode_scales<15>(Values<256>(src, importance), block, q);
  store_nibbles(q, block.qs);
}

void encode(const float* src, const float* importance, BlockQ5_K& block) {
  uint8_t q[256];
  encode_scales<31>(Values<256>(src, importance), block, q);
  store_nibbles(q, block.qs);
  for (int l = 0; l < 32; ++l) {
    int bits = 0;
    for (int j = 0; j < kSubBlocks; ++j) bits |= q[kSize * j + l] >> 4 << j;
    block.qh[l] = static_cast<uint8_t>(bits);
  }
}

}  // namespace gpa
