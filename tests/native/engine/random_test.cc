// Philox4x32-10: published answers, and what uniform() makes of it.
#include "engine/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace gpa::test {
namespace {

using Counter = std::array<uint32_t, 4>;

// Source: Random123 1.14, tests/kat_vectors.
TEST(Philox, known_answers) {
  EXPECT_EQ((Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}), philox4x32({0, 0, 0, 0}, {0, 0}));
  EXPECT_EQ((Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}),
            philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}));
  EXPECT_EQ((Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}),
            philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}));
}

TEST(Uniform, is_the_upper_53_bits_of_two_words) {
  EXPECT_EQ(static_cast<double>(0xe169c58d6627e8d5u >> 11) / 9007199254740992.0, uniform(0, 0));
  const Counter words = philox4x32({0x89abcdef, 0x01234567, 0, 0}, {0x76543210, 0xfedcba98});
  const uint64_t bits = uint64_t{words[1]} << 32 | words[0];
  EXPECT_EQ(std::ldexp(static_cast<double>(bits >> 11), -53), uniform(0xfedcba9876543210u, 0x0123456789abcdefu));
}

// 256 cells of 2^20 numbers: chi-square with 255 degrees of freedom is below 347.7 with probability 0.9999.
constexpr double kCritical255 = 347.7;

template <class Number>
double chi_square_256(Number number) {
  constexpr int64_t kNumbers = 1 << 20, kCells = 256;
  std::vector<int64_t> counts(kCells, 0);
  for (int64_t i = 0; i < kNumbers; ++i) {
    const double value = number(static_cast<uint64_t>(i));
    EXPECT_TRUE(value >= 0 && value < 1) << value;
    if (!(value >= 0 && value < 1)) return INFINITY;
    ++counts[static_cast<size_t>(value * kCells)];
  }
  double sum = 0;
  constexpr double kExpected = static_cast<double>(kNumbers) / kCells;
  for (int64_t count : counts) sum += (static_cast<double>(count) - kExpected) * (static_cast<double>(count) - kExpected) / kExpected;
  return sum;
}

TEST(Uniform, steps_of_a_seed_fill_the_range_evenly) {
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{12345}, ~uint64_t{0}}) {
    EXPECT_LT(chi_square_256([&](uint64_t i) { return uniform(seed, i); }), kCritical255) << seed;
  }
}

TEST(Uniform, first_numbers_of_consecutive_seeds_fill_the_range_evenly) {
  EXPECT_LT(chi_square_256([](uint64_t i) { return uniform(i, 0); }), kCritical255);
}

// The second number's place among 16, given the first's: no cell of the pair is favoured.
TEST(Uniform, consecutive_numbers_are_independent) {
  const auto pair = [](uint64_t i) { return (std::floor(uniform(3, 2 * i) * 16) + uniform(3, 2 * i + 1)) / 16; };
  EXPECT_LT(chi_square_256(pair), kCritical255);
}

TEST(Uniform, lower_bits_are_random_too) {
  const auto lower = [](uint64_t i) {
    const double scaled = uniform(9, i) * 0x1p45;
    return scaled - std::floor(scaled);
  };
  EXPECT_LT(chi_square_256(lower), kCritical255);
}

}  // namespace
}  // namespace gpa::test
