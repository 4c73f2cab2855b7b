#include <array>

#include "quantize/encoders.h"
#include "quantize/scale_search.h"

namespace gpa {
namespace {

// Middles between neighbouring levels are multiples of 1/2: which level is nearest depends on floor(2 x) alone (in a middle,
// the higher one). Index: 2 x + 256.
constexpr int kHalves = 512;
constexpr std::array<uint8_t, kHalves> code_table() {
  std::array<uint8_t, kHalves> table{};
  for (int i = 0; i < kHalves; ++i) {
    int code = 0;
    while (code < 15 && i - 256 >= kIq4NlValues[code] + kIq4NlValues[code + 1]) ++code;
    table[static_cast<size_t>(i)] = static_cast<uint8_t>(code);
  }
  return table;
}
constexpr std::array<uint8_t, kHalves> kCodes = code_table();
constexpr std::array<float, kHalves> level_table() {
  std::array<float, kHalves> table{};
  for (size_t i = 0; i < kHalves; ++i) table[i] = kIq4NlValues[kCodes[i]];
  return table;
}
constexpr std::array<float, kHalves> kLevels = level_table();

using Ints = int32_t __attribute__((vector_size(16)));

Ints index_of(Lanes x) { return __builtin_convertvector(clamp(x * splat(2) + splat(256), 0, kHalves - 1), Ints); }

struct Levels {
  static constexpr float lowest = kIq4NlValues[0], highest = kIq4NlValues[15];
  static Lanes nearest(Lanes x) {
    const Ints i = index_of(x);
    return Lanes{kLevels[static_cast<size_t>(i[0])], kLevels[static_cast<size_t>(i[1])], kLevels[static_cast<size_t>(i[2])],
                 kLevels[static_cast<size_t>(i[3])]};
  }
};

}  // namespace

void encode(const float* src, const float* importance, BlockIQ4_NL& block) {
  const Values<32> values(src, importance);
  const float d = values.zero ? 0.0f : search_scale<32, Levels>(values.x, values.w, 9, 1.5f);
  block.d = scale_bits(d);
  const Lanes inverse = splat(inverse_of(f16_to_f32(block.d)));
  for (int j = 0; j < 16; j += kLanes) {
    const Ints low = index_of(load(values.x + j) * inverse), high = index_of(load(values.x + 16 + j) * inverse);
    for (int i = 0; i < kLanes; ++i)
      block.qs[j + i] = static_cast<uint8_t>(kCodes[static_cast<size_t>(low[i])] | kCodes[static_cast<size_t>(high[i])] << 4);
  }
}

}  // namespace gpa
