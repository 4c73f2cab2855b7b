// Linear layers: every type of weights, few rows and many, and a row's bits whatever its company.
#include "cuda/operands.h"

namespace gpa::test {
namespace {

class CudaLinearTest : public OperandTest {
 protected:
  struct Case {
    int64_t rows, outputs, inputs;
    Rounding rounding;
    uint32_t parts = 0;  // of the epilogue: 1 bias, 2 gamma, 4 residual
    Activation activation = Activation::kNone;
  };

  static constexpr double bound(DType, Rounding rounding) { return rounding == Rounding::kInt8 ? 1e-10 : 1e-11; }

  // The result, after it was compared with the reference's.
  Floats run(DType type, const Case& c, const Floats& x) {
    const Weights& w = adopt(random_weights(type, c.outputs, c.inputs, 7));
    const Floats bias = random_floats(c.outputs, 2), gamma = random_floats(c.outputs, 3), residual = random_floats(c.rows * c.outputs, 4);
    Floats want(static_cast<size_t>(c.rows * c.outputs), NAN);
    const auto args = [&](const float* from, const float* b, const float* g, const float* r, float* y) {
      return LinearArgs{from, c.rows, w.view(), {c.parts & 1 ? b : nullptr, c.activation, c.parts & 2 ? g : nullptr, c.parts & 4 ? r : nullptr},
                        y, c.rounding};
    };
    reference_kernels().linear(host_, args(x.data(), bias.data(), gamma.data(), residual.data(), want.data()));
    float* y = put(Floats(want.size(), NAN));
    const LinearArgs map = args(put(x), put(bias), put(gamma), put(residual), y);
    kernels_.linears(*queue_, &map, 1);
    const Floats got = get(y, want.size());
    expect_close(want, got, bound(type, c.rounding), text(type, c));
    return got;
  }
  static std::string text(DType type, const Case& c) {
    return std::string(name_of(type)) + (c.rounding == Rounding::kInt8 ? " int8 " : " exact ") + std::to_string(c.rows) + " x " +
           std::to_string(c.outputs) + " x " + std::to_string(c.inputs);
  }
};

// Rows of every kernel there is, columns that fill no tile, depths that fill no chunk.
TEST_F(CudaLinearTest, int8_everyKernel_matchesReference) {
  for (DType type : kBlockTypes) {
    for (int64_t inputs : {256, 1280}) {
      for (int64_t rows : {1, 7, 16, 35, 67}) {
        const Case c{rows, inputs == 256 ? 41 : 20, inputs, Rounding::kInt8};
        run(type, c, random_floats(rows * inputs, 1));
      }
    }
  }
}

TEST_F(CudaLinearTest, int8_blocksThatFillNoChunk_matchReference) {
  for (DType type : {DType::kQ8_0, DType::kQ4_0, DType::kIQ4_NL})
    for (int64_t inputs : {32, 96, 416, 1056})
      for (int64_t rows : {3, 12, 30, 70}) run(type, {rows, 9, inputs, Rounding::kInt8}, random_floats(rows * inputs, 1));
}

TEST_F(CudaLinearTest, exact_everyType_matchesReference) {
  for (DType type : {DType::kF32, DType::kF16, DType::kBF16, DType::kQ8_0, DType::kQ6_K, DType::kQ5_K, DType::kQ4_K, DType::kQ4_0, DType::kIQ4_NL})
    for (int64_t rows : {1, 6, 16, 17, 70}) run(type, {rows, 37, 512, Rounding::kNone}, random_floats(rows * 512, 1));
}

TEST_F(CudaLinearTest, exact_oddColumns_matchReference) {
  for (DType type : kTypes)
    for (int64_t inputs : {1, 7, 33, 389})
      for (int64_t rows : {5, 19}) run(type, {rows, 35, inputs, Rounding::kNone}, random_floats(rows * inputs, 1));
}

TEST_F(CudaLinearTest, epilogue_everyPart_matchesReference) {
  for (Activation activation : {Activation::kNone, Activation::kGelu, Activation::kRelu, Activation::kSilu, Activation::kSigmoid, Activation::kTanh}) {
    for (uint32_t parts = 0; parts < 8; parts += activation == Activation::kNone ? 1 : 7) {
      run(DType::kQ8_0, {3, 20, 64, Rounding::kInt8, parts, activation}, random_floats(3 * 64, 1));
      run(DType::kF16, {20, 20, 40, Rounding::kNone, parts, activation}, random_floats(20 * 40, 1));
    }
  }
}

// What batching rests on: the first rows of many are computed with other tiles than alone.
TEST_F(CudaLinearTest, row_inAnyCompany_hasSameBits) {
  const auto expect_rows = [&](DType type, Rounding rounding) {
    constexpr int64_t kInputs = 512, kOutputs = 19;
    const Floats x = random_floats(70 * kInputs, 5);
    const Floats all = run(type, {70, kOutputs, kInputs, rounding}, x);
    for (int64_t rows : {1, 8, 9, 17, 64}) {
      for (int64_t first : {int64_t{0}, 70 - rows}) {
        const Floats some = run(type, {rows, kOutputs, kInputs, rounding}, {x.begin() + first * kInputs, x.begin() + (first + rows) * kInputs});
        expect_same(&all[static_cast<size_t>(first * kOutputs)], some.data(), rows * kOutputs, text(type, {rows, kOutputs, kInputs, rounding}));
      }
    }
  };
  for (DType type : {DType::kQ8_0, DType::kQ4_K, DType::kQ6_K}) expect_rows(type, Rounding::kInt8);
  for (DType type : {DType::kF32, DType::kF16, DType::kQ5_K}) expect_rows(type, Rounding::kNone);
}

TEST_F(CudaLinearTest, maps_ofSeveralTypes_areAllMade) {
  constexpr int64_t kRows = 3, kInputs = 256;
  const DType types[] = {DType::kQ4_K, DType::kQ4_K, DType::kQ6_K, DType::kF16, DType::kQ4_K, DType::kQ4_K, DType::kQ4_K};
  const Floats x = random_floats(kRows * kInputs, 1);
  const float* moved = put(x);
  std::vector<LinearArgs> maps, wants;
  std::vector<Floats> want;
  for (size_t i = 0; i < std::size(types); ++i) {
    const Weights& w = adopt(random_weights(types[i], static_cast<int64_t>(8 + 5 * i), kInputs, static_cast<uint32_t>(i)));
    want.emplace_back(static_cast<size_t>(kRows * w.rows));
    wants.push_back({x.data(), kRows, w.view(), {}, want.back().data(), Rounding::kInt8});
    maps.push_back({moved, kRows, w.view(), {}, room<float>(want.back().size()), Rounding::kInt8});
  }
  reference_kernels().linears(host_, wants.data(), static_cast<int64_t>(wants.size()));
  kernels_.linears(*queue_, maps.data(), static_cast<int64_t>(maps.size()));
  for (size_t i = 0; i < maps.size(); ++i) expect_close(want[i], get(maps[i].y, want[i].size()), 1e-10, "map " + std::to_string(i));
}

// A row with NaN or infinity in it is not finite; its neighbours do not notice. Blocks of almost nothing count as zeros.
TEST_F(CudaLinearTest, int8_extremeValues_stayInTheirRow) {
  constexpr int64_t kInputs = 256, kOutputs = 9;
  for (int64_t rows : {5, 12}) {
    Floats x = random_floats(rows * kInputs, 1);
    const Floats clean = run(DType::kQ8_0, {rows, kOutputs, kInputs, Rounding::kInt8}, x);
    const Weights& w = adopt(random_weights(DType::kQ8_0, kOutputs, kInputs, 7));
    x[kInputs + 40] = NAN;
    x[3 * kInputs + 255] = INFINITY;
    float* y = room<float>(static_cast<size_t>(rows * kOutputs));
    const LinearArgs map{put(x), rows, w.view(), {}, y, Rounding::kInt8};
    kernels_.linears(*queue_, &map, 1);
    const Floats got = get(y, static_cast<size_t>(rows * kOutputs));
    for (int64_t i = 0; i < rows * kOutputs; ++i) {
      const int64_t row = i / kOutputs;
      if (row == 1 || row == 3)
        ASSERT_FALSE(std::isfinite(got[static_cast<size_t>(i)]));
      else
        ASSERT_EQ(clean[static_cast<size_t>(i)], got[static_cast<size_t>(i)]);
    }
    Floats tiny = random_floats(rows * kInputs, 2, 1e-36f);
    tiny[0] = 1;
    run(DType::kQ8_0, {rows, kOutputs, kInputs, Rounding::kInt8}, tiny);
  }
}

}  // namespace
}  // namespace gpa::test
