#include <algorithm>
#include <cmath>

#include "float_bits.h"
#include "quantize/encoders.h"

namespace gpa {
namespace {

// The largest magnitude at 127. Where the scale is a normal f16, bit for bit what ggml writes: values are divided by the scale
// before its rounding. Where it is not, the two differ by too much, and the stored one is divided by.
void encode_block(const float* x, BlockQ8_0& block) {
  float most = 0;
  for (int j = 0; j < 32; ++j) most = std::max(most, std::fabs(x[j]));
  float d = most / 127.0f;
  block.d = most < 0x1p-25f ? uint16_t{0} : scale_bits(d);
  if (d < 0x1p-14f || d > 65504.0f) d = f16_to_f32(block.d);
  const float inverse = d > 0 ? 1.0f / d : 0.0f;
  for (int j = 0; j < 32; ++j) block.qs[j] = static_cast<int8_t>(std::clamp(std::round(x[j] * inverse), -127.0f, 127.0f));
}

}  // namespace

void encode(const SearchTable&, const Source& source, BlockQ8_0* blocks) {
  for (int64_t i = 0; i < source.count / 32; ++i) encode_block(source.values + 32 * i, blocks[i]);
}

}  // namespace gpa
