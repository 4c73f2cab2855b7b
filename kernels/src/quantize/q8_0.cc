#include <algorithm>
#include <bit>
#include <cmath>

#include "float_bits.h"
#include "quantize/encoders.h"

namespace gpa {
namespace {

float largest_magnitude(const float* x) {
  uint32_t most = 0;  // without the sign, bits compare as the numbers do
  for (int j = 0; j < 32; ++j) most = std::max(most, std::bit_cast<uint32_t>(x[j]) & 0x7fffffffu);
  return std::bit_cast<float>(most);
}

// The nearest integer, ties away from zero, for |x| <= 127: just less than 1/2 is added, lest what is just below a tie be lifted.
int8_t nearest(float x) { return static_cast<int8_t>(static_cast<int32_t>(x + std::copysign(0x1.fffffep-2f, x))); }

// The largest magnitude at 127. Where the scale is a normal f16, bit for bit what ggml writes: values are divided by the scale
// before its rounding. Where it is not, the two differ by too much, and the stored one is divided by.
void encode_block(const float* x, BlockQ8_0& block) {
  const float most = largest_magnitude(x);
  float d = most / 127.0f;
  block.d = most < kSmallestValue ? uint16_t{0} : scale_bits(d);
  if (d < 0x1p-14f || d > 65504.0f) d = f16_to_f32(block.d);
  const float inverse = d > 0 ? 1.0f / d : 0.0f;
  for (int j = 0; j < 32; ++j) {
    const float level = x[j] * inverse, low = level > -127.0f ? level : -127.0f;
    block.qs[j] = nearest(low < 127.0f ? low : 127.0f);
  }
}

}  // namespace

void encode(const SearchTable&, const Source& source, BlockQ8_0* blocks) {
  for (int64_t i = 0; i < source.count / 32; ++i) encode_block(source.values + 32 * i, blocks[i]);
}

}  // namespace gpa
