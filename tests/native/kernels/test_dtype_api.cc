// gpa_dtype_convert and gpa_dtype_quantize: what is refused, by name; what is not does what the kernels do.
#include "gpa/gpa.h"

#include <utility>

#include "gpa/kernels/quantize.h"
#include "kernels/support.h"

namespace gpa::test {
namespace {

constexpr gpa_dtype kBlockTypes[] = {GPA_Q8_0, GPA_Q6_K, GPA_Q5_K, GPA_Q4_K, GPA_Q4_0, GPA_IQ4_NL};

class DtypeApi : public testing::Test {
 protected:
  Floats x = random_floats(4 * 4608, 31);
  std::vector<uint8_t> out = std::vector<uint8_t>(x.size() * sizeof(float));
  gpa_error error{};

  auto count() const { return static_cast<int64_t>(x.size()); }
  gpa_status convert(gpa_dtype to) { return gpa_dtype_convert(GPA_F32, x.data(), to, out.data(), count(), &error); }
  gpa_status quantize(gpa_dtype to, const float* importance = nullptr) {
    return gpa_dtype_quantize(to, x.data(), 4, 4608, importance, out.data(), &error);
  }
  void expect_refused(gpa_status status, const std::string& words) {
    EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, status);
    EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, error.code);
    EXPECT_NE(std::string::npos, std::string(error.message).find(words)) << error.message;
    error = {};
  }
};

TEST_F(DtypeApi, blockTypes_areEncodedAndDecodedAsByTheKernels) {
  const Floats importance = random_floats(4608, 32, 0.1f, 1.0f);
  for (gpa_dtype type : kBlockTypes) {
    const auto dtype = static_cast<DType>(type);
    std::vector<uint8_t> want(out.size());
    out.assign(out.size(), 0);
    quantize_rows(dtype, x.data(), 4, 4608, importance.data(), want.data());
    ASSERT_EQ(GPA_OK, quantize(type, importance.data())) << error.message;
    EXPECT_TRUE(want == out) << type;
    quantize_rows(dtype, x.data(), 4, 4608, nullptr, want.data());
    ASSERT_EQ(GPA_OK, convert(type)) << error.message;
    EXPECT_TRUE(want == out) << type;

    Floats back(x.size()), decoded(x.size());
    ASSERT_EQ(GPA_OK, gpa_dtype_convert(type, out.data(), GPA_F32, back.data(), count(), &error)) << error.message;
    convert_elements(dtype, want.data(), DType::kF32, decoded.data(), count());
    EXPECT_EQ(decoded, back) << type;
  }
}

TEST_F(DtypeApi, partsOfBlocks_areRefused) {
  expect_refused(gpa_dtype_convert(GPA_F32, x.data(), GPA_Q4_K, out.data(), 300, &error), "count is 300; to");
  expect_refused(gpa_dtype_convert(GPA_Q8_0, x.data(), GPA_F32, out.data(), 31, &error), "count is 31; from");
  expect_refused(gpa_dtype_quantize(GPA_Q5_K, x.data(), 2, 128, nullptr, out.data(), &error), "2 rows of 128");
  expect_refused(gpa_dtype_quantize(GPA_Q4_0, x.data(), 1, -32, nullptr, out.data(), &error), "1 rows of -32");
  expect_refused(gpa_dtype_quantize(GPA_Q4_0, x.data(), INT64_MAX, 32, nullptr, out.data(), &error), "not whole blocks");
}

TEST_F(DtypeApi, otherTypes_areRefused) {
  expect_refused(gpa_dtype_convert(GPA_I32, x.data(), GPA_Q8_0, out.data(), 32, &error), "from is 26");
  expect_refused(gpa_dtype_convert(GPA_F32, x.data(), static_cast<gpa_dtype>(9), out.data(), 32, &error), "to is 9");
  expect_refused(quantize(GPA_F16), "to is the type 1");
  expect_refused(quantize(static_cast<gpa_dtype>(-5)), "to is the type -5");
}

TEST_F(DtypeApi, valuesThatAreNotFinite_areRefusedByIndex) {
  for (float bad : {INFINITY, -INFINITY, NAN}) {
    for (int64_t at : {int64_t{0}, int64_t{4097}, count() - 1}) {
      const float kept = std::exchange(x[static_cast<size_t>(at)], bad);
      for (gpa_dtype type : kBlockTypes) {
        expect_refused(quantize(type), "src[" + std::to_string(at) + "]");
        expect_refused(convert(type), "src[" + std::to_string(at) + "]");
      }
      EXPECT_EQ(GPA_OK, convert(GPA_F16)) << "which holds them";
      x[static_cast<size_t>(at)] = kept;
    }
  }
}

TEST_F(DtypeApi, halvesThatAreNotFinite_areRefusedByIndex) {
  std::vector<uint16_t> halves(8192, 0x3c00);
  halves[5000] = 0x7c00;
  expect_refused(gpa_dtype_convert(GPA_F16, halves.data(), GPA_Q6_K, out.data(), 8192, &error), "src[5000] is inf");
  std::vector<uint8_t> blocks(34 * 256, 0);
  blocks[34 * 200 + 1] = 0x7c;  // an infinite scale: 0 times it is no number
  expect_refused(gpa_dtype_convert(GPA_Q8_0, blocks.data(), GPA_Q4_0, out.data(), 8192, &error), "src[6400]");
  EXPECT_EQ(GPA_OK, gpa_dtype_convert(GPA_Q8_0, blocks.data(), GPA_Q8_0, out.data(), 8192, &error)) << "a copy";
}

TEST_F(DtypeApi, badImportance_isRefusedByIndex) {
  for (float bad : {-0.5f, NAN, INFINITY}) {
    Floats importance(4608, 1.0f);
    importance[77] = bad;
    expect_refused(quantize(GPA_Q4_K, importance.data()), "importance[77]");
  }
}

TEST_F(DtypeApi, nullPointers_areRefused) {
  expect_refused(gpa_dtype_quantize(GPA_Q4_0, nullptr, 1, 32, nullptr, out.data(), &error), "src is null");
  expect_refused(gpa_dtype_quantize(GPA_Q4_0, x.data(), 1, 32, nullptr, nullptr, &error), "dst is null");
  EXPECT_EQ(GPA_OK, gpa_dtype_quantize(GPA_Q4_0, nullptr, 0, 32, nullptr, nullptr, &error));
}

}  // namespace
}  // namespace gpa::test
