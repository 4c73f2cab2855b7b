#include <algorithm>

#include "quantize/encoders.h"
#include "quantize/scale_search.h"

namespace gpa {
namespace {

using Levels = IntegerLevels<-32, 31>;
constexpr int kSubBlocks = 16, kSize = 16;

// Of each sub-block with the scale d s[j]; the sum of errors is returned.
float choose_scales(const Values<256>& values, float d, const float* wanted, int8_t* s) {
  float total = 0;
  for (int j = 0; j < kSubBlocks; ++j) {
    const float middle = nearest(std::clamp(wanted[j] * inverse_of(d), -128.0f, 127.0f));
    float least = INFINITY;
    for (int step = -2; step <= 2; ++step) {
      const float tried = middle + static_cast<float>(step);
      if (tried < -128 || tried > 127) continue;
      const float error = scale_error<kSize, Levels>(values.x + kSize * j, values.w + kSize * j, d * tried);
      if (error < least) {
        least = error;
        s[j] = static_cast<int8_t>(tried);
      }
    }
    total += least;
  }
  return total;
}

// The d that suits the levels that the scales d s lead to.
float refit(const Values<256>& values, float d, const int8_t* s) {
  float xl = 0, ll = 0;
  for (int j = 0; j < kSubBlocks; ++j) {
    const auto scale = static_cast<float>(s[j]);
    const Moments part = moments<kSize, Levels>(values.x + kSize * j, values.w + kSize * j, inverse_of(d * scale));
    xl += scale * part.xl;
    ll += scale * scale * part.ll;
  }
  return Moments{xl, ll}.scale();
}

void store_levels(const Values<256>& values, BlockQ6_K& block) {
  const float d = f16_to_f32(block.d);
  uint8_t q[256];
  for (int e = 0; e < 256; e += kLanes) {
    const Lanes level = Levels::nearest(load(values.x + e) * splat(inverse_of(d * static_cast<float>(block.scales[e / kSize]))));
    for (int i = 0; i < kLanes; ++i) q[e + i] = static_cast<uint8_t>(level[i] + 32);
  }
  for (int half = 0; half < 2; ++half) {
    const uint8_t* in = q + 128 * half;
    for (int l = 0; l < 64; ++l) block.ql[64 * half + l] = static_cast<uint8_t>((in[l] & 15) | (in[l + 64] & 15) << 4);
    for (int l = 0; l < 32; ++l) {
      block.qh[32 * half + l] =
          static_cast<uint8_t>(in[l] >> 4 | in[l + 32] >> 4 << 2 | in[l + 64] >> 4 << 4 | in[l + 96] >> 4 << 6);
    }
  }
}

}  // namespace

void encode(const float* src, const float* importance, BlockQ6_K& block) {
  const Values<256> values(src, importance);
  float wanted[kSubBlocks], largest = 0;
  for (int j = 0; j < kSubBlocks; ++j) {
    wanted[j] = values.zero ? 0.0f : search_scale<kSize, Levels>(values.x + kSize * j, values.w + kSize * j, 4, 0.25f);
    largest = std::fabs(wanted[j]) > std::fabs(largest) ? wanted[j] : largest;
  }
  block.d = scale_bits(largest / -128.0f);
  float d = f16_to_f32(block.d);
  float least = choose_scales(values, d, wanted, block.scales);
  const uint16_t better = scale_bits(refit(values, d, block.scales));
  int8_t scales[kSubBlocks];
  if (choose_scales(values, f16_to_f32(better), wanted, scales) < least) {
    block.d = better;
    std::copy(scales, scales + kSubBlocks, block.scales);
  }
  store_levels(values, block);
}

}  // namespace gpa
