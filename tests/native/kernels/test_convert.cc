// convert_elements: all 16-bit values, rounding, special values.
#include <bit>

#include "kernels/support.h"

namespace gpa::test {
namespace {

float to_f32(DType from, uint16_t bits) {
  float out;
  convert_elements(from, &bits, DType::kF32, &out, 1);
  return out;
}

uint16_t from_f32(DType to, float value) {
  uint16_t out;
  convert_elements(DType::kF32, &value, to, &out, 1);
  return out;
}

// The value from the definition of the format.
double value_of(DType type, uint16_t bits) {
  const int fraction_bits = type == DType::kF16 ? 10 : 7, bias = type == DType::kF16 ? 15 : 127;
  const int exponent = (bits & 0x7fff) >> fraction_bits, fraction = bits & ((1 << fraction_bits) - 1);
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == 2 * bias + 1) return fraction ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
}

class ConvertTest : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(Types, ConvertTest, testing::Values(DType::kF16, DType::kBF16),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(ConvertTest, everyValue_isExactAndComesBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const double want = value_of(GetParam(), half);
    const float got = to_f32(GetParam(), half);
    if (std::isnan(want)) {
      ASSERT_TRUE(std::isnan(got)) << bits;
      ASSERT_TRUE(std::isnan(value_of(GetParam(), from_f32(GetParam(), got)))) << bits;
    } else {
      ASSERT_EQ(want, static_cast<double>(got)) << bits;
      ASSERT_EQ(std::signbit(want), std::signbit(got)) << bits;
      ASSERT_EQ(half, from_f32(GetParam(), got)) << bits;
    }
  }
}

// Between each two neighbours: the middle goes to the even one, what is nearer goes there.
TEST_P(ConvertTest, betweenNeighbours_roundsToNearestEven) {
  const uint16_t largest = GetParam() == DType::kF16 ? 0x7bff : 0x7f7f;
  for (uint16_t sign : {0, 0x8000}) {
    for (uint16_t bits = 0; bits < largest; ++bits) {
      const auto low = static_cast<uint16_t>(sign | bits), high = static_cast<uint16_t>(low + 1);
      const auto middle = static_cast<float>((value_of(GetParam(), low) + value_of(GetParam(), high)) / 2);
      const float away = sign ? -INFINITY : INFINITY;
      ASSERT_EQ(bits & 1 ? high : low, from_f32(GetParam(), middle)) << bits;
      ASSERT_EQ(low, from_f32(GetParam(), std::nextafterf(middle, 0.0f))) << bits;
      ASSERT_EQ(high, from_f32(GetParam(), std::nextafterf(middle, away))) << bits;
    }
  }
}

TEST_P(ConvertTest, specials_keepTheirKind) {
  const uint16_t infinity = GetParam() == DType::kF16 ? 0x7c00 : 0x7f80;
  EXPECT_EQ(infinity, from_f32(GetParam(), INFINITY));
  EXPECT_EQ(infinity | 0x8000, from_f32(GetParam(), -INFINITY));
  EXPECT_EQ(infinity, from_f32(GetParam(), FLT_MAX));
  EXPECT_EQ(infinity | 0x8000, from_f32(GetParam(), -FLT_MAX));
  EXPECT_EQ(0x8000, from_f32(GetParam(), -0.0f));
  EXPECT_EQ(0x0000, from_f32(GetParam(), FLT_TRUE_MIN));
  for (uint32_t payload : {0x7f800001u, 0x7fc00000u, 0xff800001u, 0x7fffffffu, 0x7f802000u})
    EXPECT_TRUE(std::isnan(value_of(GetParam(), from_f32(GetParam(), std::bit_cast<float>(payload))))) << payload;
}

TEST(Convert, f16Limits_roundAtTheEdge) {
  EXPECT_EQ(0x7bff, from_f32(DType::kF16, 65519.996f));
  EXPECT_EQ(0x7c00, from_f32(DType::kF16, 65520.0f));
  EXPECT_EQ(0x0000, from_f32(DType::kF16, 0x1p-25f));  // half of the smallest denormal, a tie
  EXPECT_EQ(0x0001, from_f32(DType::kF16, std::nextafterf(0x1p-25f, 1.0f)));
  EXPECT_EQ(0x0400, from_f32(DType::kF16, 0x1p-14f));
  EXPECT_EQ(0x0400, from_f32(DType::kF16, std::nextafterf(0x1p-14f, 0.0f)));
}

TEST(Convert, between16BitTypes_goesThroughF32) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    for (auto [from, to] : {std::pair{DType::kF16, DType::kBF16}, std::pair{DType::kBF16, DType::kF16}}) {
      uint16_t direct;
      convert_elements(from, &half, to, &direct, 1);
      const uint16_t two_steps = from_f32(to, to_f32(from, half));
      if (std::isnan(value_of(from, half)))
        ASSERT_TRUE(std::isnan(value_of(to, direct)));
      else
        ASSERT_EQ(two_steps, direct) << bits;
    }
  }
}

TEST(Convert, sameType_copiesBits) {
  const std::vector<uint32_t> bits = {0x7f800001u, 0xffffffffu, 0u, 0x80000000u, 0x3f800000u};
  std::vector<uint32_t> out(bits.size());
  convert_elements(DType::kF32, bits.data(), DType::kF32, out.data(), 5);
  EXPECT_EQ(bits, out);
}

TEST(Convert, nothing_touchesNothing) { convert_elements(DType::kF32, nullptr, DType::kF16, nullptr, 0); }

// What each kernel set reads is what convert_elements says, for every value of both types (embed reads a row).
class ReadTest : public KernelTest {};
GPA_FOR_EACH_TABLE(ReadTest);

TEST_P(ReadTest, everyHalf_isReadAsConverted) {
  std::vector<uint16_t> all(65536);
  for (uint32_t bits = 0; bits < 65536; ++bits) all[bits] = static_cast<uint16_t>(bits);
  ThreadPool pool(1);
  const int32_t id = 0;
  for (DType type : {DType::kF16, DType::kBF16}) {
    Floats got(65536);
    kernels().embed(pool, {.table = {all.data(), type, 1, 65536}, .ids = &id, .count = 1, .y = got.data()});
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      const float want = to_f32(type, static_cast<uint16_t>(bits));
      if (std::isnan(want))
        ASSERT_TRUE(std::isnan(got[bits])) << bits;
      else
        ASSERT_EQ(std::bit_cast<uint32_t>(want), std::bit_cast<uint32_t>(got[bits])) << bits;
    }
  }
}

}  // namespace
}  // namespace gpa::test
