// The decoders against the definitions of the formats, element by element, for blocks of arbitrary bytes.
#include "kernels/support.h"

namespace gpa::test {
namespace {

int bits(const uint8_t* bytes, int byte, int first, int count) { return bytes[byte] >> first & ((1 << count) - 1); }

double half(const uint8_t* bytes) {
  const int word = bytes[0] | bytes[1] << 8, exponent = word >> 10 & 31, fraction = word & 1023;
  const double size = exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
  return word >> 15 ? -size : size;
}

double q4_0(const uint8_t* b, int e) { return half(b) * (bits(b, 2 + e % 16, e / 16 * 4, 4) - 8); }

double q8_0(const uint8_t* b, int e) { return half(b) * static_cast<int8_t>(b[2 + e]); }

double iq4_nl(const uint8_t* b, int e) {
  const int values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  return half(b) * values[bits(b, 2 + e % 16, e / 16 * 4, 4)];
}

// Scale (which = 0) or minimum (which = 1) of sub-block j: six bits, of j >= 4 the upper two lie in the bytes of j - 4.
int six_bits(const uint8_t* scales, int which, int j) {
  if (j < 4) return bits(scales, 4 * which + j, 0, 6);
  return bits(scales, 4 + j, 4 * which, 4) + 16 * bits(scales, 4 * which + j - 4, 6, 2);
}

double q4_k(const uint8_t* b, int e) {
  const int j = e / 32, q = bits(b, 16 + e / 64 * 32 + e % 32, j % 2 * 4, 4);
  return half(b) * six_bits(b + 4, 0, j) * q - half(b + 2) * six_bits(b + 4, 1, j);
}

double q5_k(const uint8_t* b, int e) {
  const int j = e / 32, q = bits(b, 48 + e / 64 * 32 + e % 32, j % 2 * 4, 4) + 16 * bits(b, 16 + e % 32, j, 1);
  return half(b) * six_bits(b + 4, 0, j) * q - half(b + 2) * six_bits(b + 4, 1, j);
}

double q6_k(const uint8_t* b, int e) {
  const int within = e % 128, low = bits(b, e / 128 * 64 + within % 64, within / 64 * 4, 4);
  const int high = bits(b, 128 + e / 128 * 32 + within % 32, within / 32 * 2, 2);
  return half(b + 208) * static_cast<int8_t>(b[192 + e / 16]) * (low + 16 * high - 32);
}

struct Format {
  DType type;
  const char* name;
  double (*value)(const uint8_t* block, int element);
  int half_at[2];  // where f16 numbers lie
};

class DequantizeTest : public testing::TestWithParam<Format> {};
INSTANTIATE_TEST_SUITE_P(Formats, DequantizeTest,
                         testing::Values(Format{DType::kQ4_0, "Q4_0", q4_0, {0, 0}}, Format{DType::kQ8_0, "Q8_0", q8_0, {0, 0}},
                                         Format{DType::kIQ4_NL, "IQ4_NL", iq4_nl, {0, 0}}, Format{DType::kQ4_K, "Q4_K", q4_k, {0, 2}},
                                         Format{DType::kQ5_K, "Q5_K", q5_k, {0, 2}}, Format{DType::kQ6_K, "Q6_K", q6_k, {208, 208}}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(DequantizeTest, everyElement_isTheDefinition) {
  const Block block = dtype_block(GetParam().type);
  constexpr int64_t kBlocks = 200;
  std::mt19937 generator(21);
  std::vector<uint8_t> bytes(static_cast<size_t>(kBlocks * block.bytes));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(generator());
  for (int64_t i = 0; i < kBlocks; ++i)
    for (int at : GetParam().half_at) bytes[static_cast<size_t>(i * block.bytes + at + 1)] &= 0xbf;  // finite: below 2
  Floats got(static_cast<size_t>(kBlocks * block.elements), NAN);
  convert_elements(GetParam().type, bytes.data(), DType::kF32, got.data(), static_cast<int64_t>(got.size()));
  for (int64_t i = 0; i < kBlocks; ++i) {
    for (int e = 0; e < block.elements; ++e) {
      const auto want = static_cast<float>(GetParam().value(bytes.data() + i * block.bytes, e));
      ASSERT_EQ(want, got[static_cast<size_t>(i * block.elements + e)]) << "block " << i << ", element " << e;
    }
  }
}

}  // namespace
}  // namespace gpa::test
