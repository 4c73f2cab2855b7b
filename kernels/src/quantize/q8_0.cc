#include <algorithm>

#include "quantize/encoders.h"
#include "quantize/values.h"

namespace gpa {

// The largest magnitude at 127. Where the scale is a normal f16, bit for bit what ggml writes; it rounds values by the scale
// before its rounding to f16, which below the normal range would miss by many steps.
void encode(const float* src, const float*, BlockQ8_0& block) {
  float most = 0;
  for (int j = 0; j < 32; ++j) most = std::max(most, std::fabs(src[j]));
  float d = most / 127.0f;
  block.d = most < kSmallestValue ? uint16_t{0} : scale_bits(d);
  if (d < 0x1p-14f || d > 65504.0f) d = f16_to_f32(block.d);
  const float inverse = d > 0 ? 1.0f / d : 0.0f;
  for (int j = 0; j < 32; ++j) block.qs[j] = static_cast<int8_t>(std::clamp(std::round(src[j] * inverse), -127.0f, 127.0f));
}

}  // namespace gpa
