// quantize_rows: errors, bytes that depend on nothing but the values, extreme values; decoders against the formats' definitions.
#include "gpa/kernels/quantize.h"

#include <algorithm>
#include <bit>
#include <map>

#include "kernels/support.h"

namespace gpa::test {
namespace {

using Bytes = std::vector<uint8_t>;

struct Format {
  DType type;
  const char* name;
  double gaussian_error;  // relative RMSE on normally distributed values, rounded up
  float largest;          // that the type holds with either sign
  uint64_t hash, weighted_hash;
};

constexpr Format kFormats[] = {
    {DType::kQ8_0, "Q8_0", 0.0055, 127 * 65504.0f, 0x5d3bda527d52095bu, 0x5d3bda527d52095bu},
    {DType::kQ6_K, "Q6_K", 0.0166, 127 * 31 * 65504.0f, 0x3c036b8bc22c4babu, 0xa0db86a62e648108u},
    {DType::kQ5_K, "Q5_K", 0.0345, 63 * 65504.0f, 0x84cec4e8f7252067u, 0x3ff578c27d31789au},
    {DType::kQ4_K, "Q4_K", 0.0698, 63 * 65504.0f, 0x35629f55ace8217eu, 0x17dec413c17277eau},
    {DType::kQ4_0, "Q4_0", 0.0815, 7 * 65504.0f, 0xf3b8eddd2b69fe64u, 0x5012026999c4cae0u},
    {DType::kIQ4_NL, "IQ4_NL", 0.0736, 113 * 65504.0f, 0x24a3076603d65b70u, 0xec1df2e35f2d9c0eu},
};

Bytes encode(DType type, const Floats& x, int64_t cols, const float* importance = nullptr, const char* isa = nullptr) {
  const auto count = static_cast<int64_t>(x.size());
  Bytes out(static_cast<size_t>(dtype_bytes(type, count)), 0xa5);
  if (isa)
    quantize_rows_with(isa, type, x.data(), count / cols, cols, importance, out.data());
  else
    quantize_rows(type, x.data(), count / cols, cols, importance, out.data());
  return out;
}

Floats decode(DType type, const Bytes& blocks) {
  const Block block = dtype_block(type);
  Floats out(blocks.size() / static_cast<size_t>(block.bytes) * static_cast<size_t>(block.elements), NAN);
  convert_elements(type, blocks.data(), DType::kF32, out.data(), static_cast<int64_t>(out.size()));
  return out;
}

Floats through(DType type, const Floats& x, int64_t cols, const float* importance = nullptr) {
  return decode(type, encode(type, x, cols, importance));
}

double weighted_error(const Floats& want, const Floats& got, const Floats& importance) {
  double error = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const double difference = static_cast<double>(want[i]) - got[i];
    error += importance[i % importance.size()] * difference * difference;
  }
  return error;
}

uint64_t fnv(const Bytes& bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

// The same floats wherever IEEE 754 holds: products of a hash and powers of two.
Floats formula_values(int64_t count) {
  Floats out(static_cast<size_t>(count));
  for (size_t i = 0; i < out.size(); ++i) {
    const auto hash = static_cast<uint32_t>(i + 1) * 2654435761u;
    const auto first = static_cast<float>(hash >> 16), second = static_cast<float>(hash * 2246822519u >> 16);
    out[i] = std::ldexp(first + second - 65535.0f, -20 + static_cast<int>(i / 96 % 5));
  }
  return out;
}

Floats formula_importance(int64_t count) {
  Floats out(static_cast<size_t>(count));
  for (size_t i = 0; i < out.size(); ++i) out[i] = std::ldexp(1.0f, static_cast<int>((static_cast<uint32_t>(i) * 40503u >> 7) % 9));
  return out;
}

class QuantizeTest : public testing::TestWithParam<Format> {
 protected:
  DType type() const { return GetParam().type; }
  int64_t block() const { return dtype_block(type()).elements; }
};
INSTANTIATE_TEST_SUITE_P(Formats, QuantizeTest, testing::ValuesIn(kFormats), [](const auto& info) { return std::string(info.param.name); });

TEST_P(QuantizeTest, gaussianValues_comeBackWithinTheTypesError) {
  for (float deviation : {1.0f, 0.02f}) {
    const Floats x = random_floats(64 * 1024, 5, deviation);
    EXPECT_LE(std::sqrt(nmse(x, through(type(), x, 1024))), GetParam().gaussian_error) << deviation;
  }
}

TEST_P(QuantizeTest, importance_lowersTheWeightedError) {
  const Floats x = random_floats(64 * 1024, 6, 0.05f);
  Floats importance = random_floats(1024, 7);
  for (float& weight : importance) weight = std::exp(weight);
  const double plain = weighted_error(x, through(type(), x, 1024), importance);
  const double weighted = weighted_error(x, through(type(), x, 1024, importance.data()), importance);
  if (type() == DType::kQ8_0)
    EXPECT_EQ(plain, weighted);  // by contract
  else
    EXPECT_LT(weighted, 0.93 * plain);
}

// Only ratios of importance count, however large or small.
TEST_P(QuantizeTest, importance_isRelative) {
  const Floats x = random_floats(2048, 8);
  const Floats ones(256, 1.0f), zeros(256, 0.0f), huge(256, FLT_MAX), tiny(256, FLT_MIN);
  const Bytes want = encode(type(), x, 256);
  for (const Floats& importance : {ones, zeros, huge, tiny}) EXPECT_EQ(want, encode(type(), x, 256, importance.data()));
}

TEST_P(QuantizeTest, bytes_areTheSameForEveryInstructionSet) {
  Floats x = random_floats(40 * 256, 9);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::ldexp(x[i], static_cast<int>(i / 700 % 60) - 35);
  const Floats importance = formula_importance(5 * 256);
  for (const float* weights : {static_cast<const float*>(nullptr), importance.data()}) {
    const Bytes want = encode(type(), x, 5 * 256, weights, "portable");
    for (const std::string& isa : tables()) EXPECT_EQ(want, encode(type(), x, 5 * 256, weights, isa.c_str())) << isa;
    EXPECT_EQ(want, encode(type(), x, 5 * 256, weights));
  }
}

TEST_P(QuantizeTest, bytes_ofAFormulaStayWhatTheyWere) {
  const Floats x = formula_values(12 * 768), importance = formula_importance(768);
  EXPECT_EQ(GetParam().hash, fnv(encode(type(), x, 768))) << std::hex << fnv(encode(type(), x, 768));
  EXPECT_EQ(GetParam().weighted_hash, fnv(encode(type(), x, 768, importance.data())))
      << std::hex << fnv(encode(type(), x, 768, importance.data()));
}

TEST_P(QuantizeTest, row_dependsOnItselfOnly) {
  for (int64_t cols : {block(), 3 * block(), 11 * block()}) {
    const int64_t rows = 7;
    const Floats x = random_floats(rows * cols, 10), importance = formula_importance(cols);
    for (const float* weights : {static_cast<const float*>(nullptr), importance.data()}) {
      Bytes alone;
      for (int64_t row = 0; row < rows; ++row) {
        const Bytes bytes = encode(type(), Floats(x.begin() + row * cols, x.begin() + (row + 1) * cols), cols, weights);
        alone.insert(alone.end(), bytes.begin(), bytes.end());
      }
      EXPECT_EQ(alone, encode(type(), x, cols, weights)) << cols;
    }
  }
}

TEST_P(QuantizeTest, zeros_comeBackAsZeros) {
  for (float zero : {0.0f, -0.0f, FLT_TRUE_MIN, -FLT_MIN, 0x1p-26f}) {
    for (float value : through(type(), Floats(512, zero), 256)) ASSERT_EQ(0.0f, value) << zero;
  }
}

TEST_P(QuantizeTest, zeroSubBlocks_stayZeroBesideOthers) {
  Floats x = random_floats(512, 11);
  for (size_t i = 0; i < x.size(); ++i) x[i] = i / 32 % 2 ? x[i] : 0.0f;
  const Floats got = through(type(), x, 256);
  for (size_t i = 0; i < x.size(); ++i) {
    if (i / 32 % 2 == 0) {
      ASSERT_EQ(0.0f, got[i]) << i;
    }
  }
}

TEST_P(QuantizeTest, constantBlocks_comeBackWithinAScalesRounding) {
  for (float value : {1.0f, -1.0f, 0.7f, -0.03f, 1234.5f, -60000.0f}) {
    for (float got : through(type(), Floats(512, value), 256)) ASSERT_NEAR(value, got, 0x1.2p-11f * std::fabs(value)) << value;
  }
}

// Scales below the f16 range: the error is at most about that of the smallest scale.
TEST_P(QuantizeTest, smallValues_areNoWorseThanZeros) {
  for (int exponent = -32; exponent <= -8; ++exponent) {
    const Floats x = random_floats(1024, 12, std::ldexp(1.0f, exponent));
    EXPECT_LE(nmse(x, through(type(), x, 256)), 1.0) << exponent;
  }
}

TEST_P(QuantizeTest, hugeValues_becomeTheTypesLargest) {
  for (float size : {GetParam().largest, 1e12f, FLT_MAX}) {
    Floats x = random_floats(512, 13);
    for (size_t i = 0; i < x.size(); i += 5) x[i] = i % 2 ? size : -size;
    const Floats got = through(type(), x, 256);
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_TRUE(std::isfinite(got[i])) << i << " of " << size;
      if (i % 5 == 0) {
        ASSERT_GE(got[i] * (i % 2 ? 1 : -1), 0.85f * GetParam().largest) << i << " of " << size;
      }
    }
  }
}

TEST_P(QuantizeTest, outlier_keepsItsValue) {
  for (float outlier : {1000.0f, -1000.0f}) {
    Floats x = random_floats(512, 14);
    for (size_t i = 9; i < x.size(); i += 32) x[i] = outlier;
    const Floats got = through(type(), x, 256);
    for (size_t i = 9; i < x.size(); i += 32) ASSERT_NEAR(outlier, got[i], 40.0f) << i;
  }
}

TEST_P(QuantizeTest, encodedAgain_losesNoMore) {
  const Floats once = through(type(), random_floats(4096, 15), 256);
  EXPECT_LE(std::sqrt(nmse(once, through(type(), once, 256))), GetParam().gaussian_error / 3);
}

TEST_P(QuantizeTest, otherTypes_areEncodedThroughF32) {
  const Floats x = random_floats(3 * 4096 + 512, 16);
  const auto count = static_cast<int64_t>(x.size());
  std::vector<uint16_t> halves(x.size());
  Floats rounded(x.size());
  convert_elements(DType::kF32, x.data(), DType::kBF16, halves.data(), count);
  convert_elements(DType::kBF16, halves.data(), DType::kF32, rounded.data(), count);
  Bytes got(static_cast<size_t>(dtype_bytes(type(), count)));
  convert_elements(DType::kBF16, halves.data(), type(), got.data(), count);
  EXPECT_EQ(encode(type(), rounded, 256), got);

  const Bytes other = encode(DType::kQ6_K, x, 256);
  if (type() == DType::kQ6_K) return;
  convert_elements(DType::kQ6_K, other.data(), type(), got.data(), count);
  EXPECT_EQ(encode(type(), decode(DType::kQ6_K, other), 256), got);
}

// What the format is, in one line: scale max / 127, values divided by it before it is rounded to f16, ties away from zero.
TEST(Quantize, q8_0_isTheFormula) {
  Floats x = random_floats(64 * 32, 17);
  for (int j = 0; j < 32; ++j) x[static_cast<size_t>(j)] = static_cast<float>(j == 0 ? 127 : j) - (j == 0 ? 0.0f : 16.5f);  // ties
  const Bytes got = encode(DType::kQ8_0, x, 32);
  for (size_t b = 0; b < 64; ++b) {
    float most = 0;
    for (size_t j = 0; j < 32; ++j) most = std::max(most, std::fabs(x[32 * b + j]));
    const float d = most / 127.0f, inverse = 1.0f / d;
    uint16_t bits;
    convert_elements(DType::kF32, &d, DType::kF16, &bits, 1);
    ASSERT_EQ(0, std::memcmp(&bits, &got[34 * b], 2)) << b;
    for (size_t j = 0; j < 32; ++j)
      ASSERT_EQ(static_cast<int>(std::round(x[32 * b + j] * inverse)), static_cast<int8_t>(got[34 * b + 2 + j])) << b << ' ' << j;
  }
}

TEST(Quantize, valuesOnTheGrid_comeBackExactly) {
  const int8_t iq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  for (float d : {0x1p-9f, -3.0f, 0.75f}) {
    Floats q4(32), q8(32), nl(32);
    for (int j = 0; j < 32; ++j) {
      const auto i = static_cast<size_t>(j);
      q4[i] = d * static_cast<float>(j % 16 - 8);
      q8[i] = d * static_cast<float>(j * 8 - 121);
      nl[i] = d * iq4[j * 5 % 16];
    }
    EXPECT_EQ(q4, through(DType::kQ4_0, q4, 32)) << d;
    EXPECT_EQ(nl, through(DType::kIQ4_NL, nl, 32)) << d;
    q8[0] = 127 * d;
    EXPECT_EQ(q8, through(DType::kQ8_0, q8, 32)) << d;
  }
}

TEST(Quantize, nothing_touchesNothing) { quantize_rows(DType::kQ4_K, nullptr, 0, 256, nullptr, nullptr); }

}  // namespace
}  // namespace gpa::test
