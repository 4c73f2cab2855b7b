#include "quantize/encoders.h"
#include "quantize/scale_search.h"

namespace gpa {

void encode(const float* src, const float* importance, BlockQ4_0& block) {
  using Levels = IntegerLevels<-8, 7>;
  const Values<32> values(src, importance);
  const float d = values.zero ? 0.0f : search_scale<32, Levels>(values.x, values.w, 9, 0.1f);
  block.d = scale_bits(d);
  const Lanes inverse = splat(inverse_of(f16_to_f32(block.d)));
  for (int j = 0; j < 16; j += kLanes) {
    const Lanes low = Levels::nearest(load(values.x + j) * inverse), high = Levels::nearest(load(values.x + 16 + j) * inverse);
    const Lanes both = (low + splat(8)) + splat(16) * (high + splat(8));
    for (int i = 0; i < kLanes; ++i) block.qs[j + i] = static_cast<uint8_t>(both[i]);
  }
}

}  // namespace gpa
