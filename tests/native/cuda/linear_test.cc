// Linear layers: every type of weights, few rows and many, and a row's bits whatever its company.
#include "device.h"
#include "float_bits.h"

namespace gpa::test {
namespace {

struct Case {
  int64_t rows, outputs, inputs;
  Rounding rounding;
  uint32_t parts = 0;  // of the epilogue: 1 bias, 2 gamma, 4 residual
  Activation activation = Activation::kNone;
};

std::string text(DType type, const Case& c) {
  return std::string(name_of(type)) + (c.rounding == Rounding::kInt8 ? " int8 " : " exact ") + std::to_string(c.rows) + " x " +
         std::to_string(c.outputs) + " x " + std::to_string(c.inputs);
}

Op linear_of(DType type, const Case& c, const Floats& x) {
  const Weights w = random_weights(type, c.outputs, c.inputs, 7);
  return [=](Side& side) {
    const Epilogue epilogue{c.parts & 1 ? side.array(random_floats(c.outputs, 2)) : nullptr, c.activation,
                            c.parts & 2 ? side.array(random_floats(c.outputs, 3)) : nullptr,
                            c.parts & 4 ? side.array(random_floats(c.rows * c.outputs, 4)) : nullptr};
    float* y = side.floats(c.rows * c.outputs);
    side.kernels().linear(side.queue(), {side.array(x), c.rows, side.weight(w), epilogue, y, c.rounding});
    return y;
  };
}

// Exact sums are as good as f32's: a split that loses its third part is above this bound.
constexpr double kExactBound = 2e-13, kInt8Bound = 1e-11;

// The largest number that weight k of row n may be made of where a minimum is taken from a level's value: errors are relative to it.
double largest_term(DType type, const Weights& w, int64_t n, int64_t k) {
  if (type != DType::kQ4_K && type != DType::kQ5_K) return 0;
  uint16_t scales[2];
  std::memcpy(scales, &w.bytes[static_cast<size_t>(dtype_bytes(type, n * w.cols + k / 256 * 256))], sizeof scales);
  return 63 * std::fmax(31 * f16_to_f32(scales[0]), f16_to_f32(scales[1]));
}

void compare_linear(DType type, const Case& c) {
  const double bound = c.rounding == Rounding::kNone && c.activation == Activation::kNone ? kExactBound : kInt8Bound;
  compare(text(type, c), c.rows * c.outputs, bound, linear_of(type, c, random_floats(c.rows * c.inputs, 1)));
}

std::vector<DType> all_types() {
  std::vector<DType> types(std::begin(kTypes), std::end(kTypes));
  types.insert(types.end(), std::begin(kBlockTypes), std::end(kBlockTypes));
  return types;
}

// Rows of every kernel there is, columns that fill no tile, depths that fill no chunk.
TEST(CudaLinear, int8_everyKernel_matchesTheReference) {
  for (DType type : kBlockTypes)
    for (int64_t inputs : {256, 1280})
      for (int64_t rows : {1, 7, 16, 35, 67}) compare_linear(type, {rows, inputs == 256 ? 41 : 12, inputs, Rounding::kInt8});
}

TEST(CudaLinear, int8_blocksThatFillNoChunk_matchTheReference) {
  for (DType type : {DType::kQ8_0, DType::kQ4_0})
    for (int64_t inputs : {32, 96, 416, 1056})
      for (int64_t rows : {3, 12, 30, 70}) compare_linear(type, {rows, 9, inputs, Rounding::kInt8});
}

// So many outputs that a GPU of 132 processors is given sixteen of them a thread block.
TEST(CudaLinear, int8_manyOutputs_matchTheReference) {
  for (int64_t rows : {1, 6}) compare_linear(DType::kQ8_0, {rows, 4301, 96, Rounding::kInt8});
  compare_linear(DType::kQ4_K, {2, 4301, 256, Rounding::kInt8});
  compare_linear(DType::kQ6_K, {9, 4301, 256, Rounding::kInt8});
}

// The op is given the host's address of weights that the device adopted; rows of weights begin anywhere that is even.
TEST(CudaLinear, adoptedWeights_atAnyAddress_matchTheReference) {
  constexpr int64_t kOutputs = 11, kInputs = 256;
  for (DType type : {DType::kQ8_0, DType::kQ6_K, DType::kQ4_0, DType::kF16}) {
    const Weights w = random_weights(type, kOutputs, kInputs, 7);
    static std::vector<std::vector<unsigned char>> adopted;  // as long as the device
    std::vector<unsigned char>* memory = &adopted.emplace_back(w.bytes.size() + 64);
    std::memcpy(memory->data() + 14, w.bytes.data(), w.bytes.size());
    device().adopt(memory->data(), memory->size());
    const Weight view{memory->data() + 14, type, kOutputs, kInputs};
    for (int64_t rows : {2, 20}) {
      compare(name_of(type), rows * kOutputs, 1e-11, [&](Side& side) {
        float* y = side.floats(rows * kOutputs);
        side.kernels().linear(side.queue(), {side.array(random_floats(rows * kInputs, 1)), rows, view, {}, y, Rounding::kInt8});
        return y;
      });
    }
  }
}

// The GPU that is emulated has four processors, for which 2 x 1 tiles of 64 x 96 are many and 3 x 3 of 128 x 96 plenty.
TEST(CudaLinear, exact_everyKernel_matchesTheReference) {
  for (DType type : all_types()) {
    for (int64_t rows : {1, 8, 9, 16, 17, 33, 70}) compare_linear(type, {rows, 37, 512, Rounding::kNone});
    compare_linear(type, {6, 20, 4096, Rounding::kNone});  // too long to be split ahead
    compare_linear(type, {30, 5, 256, Rounding::kNone});   // few columns
    compare_linear(type, {300, 203, 256, Rounding::kNone});
  }
}

TEST(CudaLinear, exact_oddColumns_matchTheReference) {
  for (DType type : kTypes) {
    for (int64_t inputs : {1, 7, 33, 388, 389})
      for (int64_t rows : {5, 12, 19, 70}) compare_linear(type, {rows, 35, inputs, Rounding::kNone});
    for (int64_t inputs : {4, 36, 300}) compare_linear(type, {290, 200, inputs, Rounding::kNone});
  }
}

// One product in each row, at every place of K and of any size: nothing hides a part that is lost.
TEST(CudaLinear, exact_singleProducts_areRoundedAsF32) {
  constexpr int64_t kInputs = 256, kOutputs = 40;
  for (DType type : all_types()) {
    const Weights weights = random_weights(type, kOutputs, kInputs, 7);
    Floats w(static_cast<size_t>(kOutputs * kInputs));
    convert_elements(type, weights.bytes.data(), DType::kF32, w.data(), kOutputs * kInputs);
    for (int64_t rows : {8, 16, 64, 128, 1024}) {
      const auto place = [](int64_t row) { return row * 5 % kInputs; };
      const Floats values = random_floats(rows, 3);
      Floats x(static_cast<size_t>(rows * kInputs));
      for (int64_t r = 0; r < rows; ++r) {
        x[static_cast<size_t>(r * kInputs + place(r))] = std::ldexp(values[static_cast<size_t>(r)], static_cast<int>(r % 120) - 60);
      }
      const Floats y = on_device(linear_of(type, {rows, kOutputs, kInputs, Rounding::kNone}, x), rows * kOutputs);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t n = 0; n < kOutputs; ++n) {
          const double factor = x[static_cast<size_t>(r * kInputs + place(r))], want = factor * w[static_cast<size_t>(n * kInputs + place(r))];
          const double size = std::fmax(std::fabs(want), std::fabs(factor) * largest_term(type, weights, n, place(r)));
          ASSERT_NEAR(want, y[static_cast<size_t>(r * kOutputs + n)], 0x1p-21 * size) << name_of(type) << " row " << r << " column " << n;
        }
      }
    }
  }
}

TEST(CudaLinear, epilogue_everyPart_matchesTheReference) {
  for (Activation activation : {Activation::kNone, Activation::kGelu, Activation::kRelu, Activation::kSilu, Activation::kSigmoid, Activation::kTanh}) {
    for (uint32_t parts = 0; parts < 8; parts += activation == Activation::kNone ? 1 : 7) {
      compare_linear(DType::kQ8_0, {3, 20, 64, Rounding::kInt8, parts, activation});
      compare_linear(DType::kF16, {20, 20, 40, Rounding::kNone, parts, activation});
    }
  }
}

// What batching rests on: the first and last rows of many are computed by other kernels than alone.
TEST(CudaLinear, row_inAnyCompany_hasTheSameBits) {
  constexpr int64_t kInputs = 512;
  const auto expect_rows = [&](DType type, Rounding rounding, int64_t all_rows, int64_t outputs) {
    const Floats x = random_floats(all_rows * kInputs, 5);
    const Floats all = on_device(linear_of(type, {all_rows, outputs, kInputs, rounding}, x), all_rows * outputs);
    for (int64_t rows : {1, 8, 9, 17, 64, 70}) {
      for (int64_t first : {int64_t{0}, all_rows - rows}) {
        const Case c{rows, outputs, kInputs, rounding};
        const Floats some = on_device(linear_of(type, c, {x.begin() + first * kInputs, x.begin() + (first + rows) * kInputs}), rows * outputs);
        ASSERT_EQ(0, std::memcmp(&all[static_cast<size_t>(first * outputs)], some.data(), some.size() * sizeof(float))) << text(type, c);
      }
    }
  };
  for (DType type : {DType::kQ8_0, DType::kQ4_K, DType::kQ6_K}) expect_rows(type, Rounding::kInt8, 70, 19);
  for (DType type : all_types()) expect_rows(type, Rounding::kNone, 70, 19);
  for (DType type : {DType::kF32, DType::kF16, DType::kQ8_0, DType::kQ5_K, DType::kQ6_K}) expect_rows(type, Rounding::kNone, 1000, 49);
}

enum class Entry { kNorm, kGate, kSnake };

// x [rows, inputs] are rows of a longer matrix from `first` on; a gate and its ups are halves of one.
Op entering_linear(DType type, const Case& c, Entry entry, int64_t first, Activation activation = Activation::kSilu) {
  const Weights w = random_weights(type, c.outputs, c.inputs, 7);
  return [=](Side& side) {
    const int64_t stride = entry == Entry::kGate ? 2 * c.inputs : c.inputs;
    const Floats all = random_floats((first + c.rows) * stride, 1, 2.0f);
    const float* x = side.array(Floats(all.begin() + first * stride, all.end()));
    Prologue prologue{.norm = side.array(random_floats(c.inputs, 2, 0.5f, 1.0f)), .eps = 1e-6f};
    if (entry == Entry::kSnake) prologue = {.snake = side.array(random_floats(c.inputs, 3, 0.5f, 1.0f))};
    if (entry == Entry::kGate) prologue = {.up = x + c.inputs, .activation = activation, .stride = stride};
    float* y = side.floats(c.rows * c.outputs);
    side.kernels().linear(side.queue(), {x, c.rows, side.weight(w), {}, y, c.rounding, prologue});
    return y;
  };
}

TEST(CudaLinear, prologues_matchTheReference) {
  const auto compare_all = [](DType type, const Case& c) {
    for (Entry entry : {Entry::kNorm, Entry::kGate, Entry::kSnake})
      compare("entering " + text(type, c), c.rows * c.outputs, 1e-11, entering_linear(type, c, entry, 0));
  };
  for (DType type : kBlockTypes)
    for (int64_t rows : {1, 2, 5, 17, 66}) compare_all(type, {rows, 19, rows == 2 ? 1024 : 256, Rounding::kInt8});
  for (int64_t inputs : {32, 96, 416})
    for (int64_t rows : {3, 12}) compare_all(DType::kQ8_0, {rows, 9, inputs, Rounding::kInt8});
  for (DType type : kTypes)
    for (int64_t inputs : {7, 64, 389})
      for (int64_t rows : {1, 17}) compare_all(type, {rows, 19, inputs, Rounding::kInt8});
  compare_all(DType::kQ5_K, {3, 19, 256, Rounding::kNone});
  for (Activation activation : {Activation::kNone, Activation::kGelu, Activation::kRelu, Activation::kSigmoid, Activation::kTanh})
    for (DType type : {DType::kF32, DType::kQ8_0})
      compare("gate", 5 * 9, 1e-11, entering_linear(type, {5, 9, 64, Rounding::kInt8}, Entry::kGate, 0, activation));
}

// A thread block's own rows and those that a kernel rounded before it are entered alike.
TEST(CudaLinear, rowBehindAPrologue_inAnyCompany_hasTheSameBits) {
  constexpr int64_t kInputs = 768, kOutputs = 19, kRows = 64;
  for (DType type : {DType::kQ8_0, DType::kQ4_K, DType::kF16}) {
    for (Entry entry : {Entry::kNorm, Entry::kGate, Entry::kSnake}) {
      const Floats all = on_device(entering_linear(type, {kRows, kOutputs, kInputs, Rounding::kInt8}, entry, 0), kRows * kOutputs);
      for (int64_t rows : {1, 4, 5, 17}) {
        const Case c{rows, kOutputs, kInputs, Rounding::kInt8};
        const Floats some = on_device(entering_linear(type, c, entry, kRows - rows), rows * kOutputs);
        ASSERT_EQ(0, std::memcmp(&all[static_cast<size_t>((kRows - rows) * kOutputs)], some.data(), some.size() * sizeof(float))) << text(type, c);
      }
    }
  }
}

TEST(CudaLinear, normAhead_hasTheBitsOfRmsNorm) {
  for (const Case& c : {Case{1, 9, 416, Rounding::kInt8}, Case{6, 9, 416, Rounding::kInt8}, Case{3, 9, 77, Rounding::kNone}}) {
    const DType type = c.rounding == Rounding::kInt8 ? DType::kQ8_0 : DType::kF16;
    const Weights w = random_weights(type, c.outputs, c.inputs, 7);
    const Op apart = [&](Side& side) {
      float *normed = side.floats(c.rows * c.inputs), *y = side.floats(c.rows * c.outputs);
      const float *x = side.array(random_floats(c.rows * c.inputs, 1, 2.0f)), *norm = side.array(random_floats(c.inputs, 2, 0.5f, 1.0f));
      side.kernels().rms_norm(side.queue(), {x, c.rows, c.inputs, norm, 1e-6f, normed});
      side.kernels().linear(side.queue(), {normed, c.rows, side.weight(w), {}, y, c.rounding});
      return y;
    };
    EXPECT_EQ(on_device(apart, c.rows * c.outputs), on_device(entering_linear(type, c, Entry::kNorm, 0), c.rows * c.outputs)) << text(type, c);
  }
}

TEST(CudaLinear, maps_ofSeveralTypes_areAllMade) {
  constexpr int64_t kRows = 3, kInputs = 256, kOutputs = 23;
  const std::vector<DType> types{DType::kQ4_K, DType::kQ4_K, DType::kQ6_K, DType::kF16, DType::kQ4_K, DType::kQ4_K, DType::kQ4_K};
  const auto count = static_cast<int64_t>(types.size());
  const auto maps_of = [&](Side& side, bool gated) {
    float* y = side.floats(count * kRows * kOutputs);
    const float* x = side.array(random_floats(kRows * kInputs, 1));
    const Prologue prologue{.up = gated ? side.array(random_floats(kRows * kInputs, 2)) : nullptr};
    std::vector<LinearArgs> maps;
    for (int64_t i = 0; i < count; ++i) {
      const Weights w = random_weights(types[static_cast<size_t>(i)], kOutputs, kInputs, static_cast<uint32_t>(i));
      maps.push_back({x, kRows, side.weight(w), {}, y + i * kRows * kOutputs, Rounding::kInt8, prologue});
    }
    side.kernels().linears(side.queue(), maps.data(), count);
    return y;
  };
  for (bool gated : {false, true}) compare("maps", count * kRows * kOutputs, 1e-11, [&](Side& side) { return maps_of(side, gated); });
}

// A row with NaN or infinity in it is not finite; its neighbours do not notice.
TEST(CudaLinear, valuesNotFinite_stayInTheirRow) {
  constexpr int64_t kInputs = 256, kOutputs = 49;
  const auto expect_rows = [&](DType type, const Case& c) {
    Floats x = random_floats(c.rows * kInputs, 1);
    const Floats clean = on_device(linear_of(type, c, x), c.rows * kOutputs);
    x[kInputs + 40] = NAN;
    x[3 * kInputs + 255] = INFINITY;
    x[4 * kInputs + 7] = -FLT_MAX;  // rounds to infinity
    const Floats got = on_device(linear_of(type, c, x), c.rows * kOutputs);
    for (size_t i = 0; i < got.size(); ++i) {
      const size_t row = i / kOutputs;
      if (row == 4) continue;
      if (row == 1 || row == 3)
        ASSERT_FALSE(std::isfinite(got[i])) << text(type, c) << " " << i;
      else
        ASSERT_EQ(clean[i], got[i]) << text(type, c) << " " << i;
    }
  };
  for (int64_t rows : {5, 12}) expect_rows(DType::kQ8_0, {rows, kOutputs, kInputs, Rounding::kInt8});
  for (DType type : {DType::kF32, DType::kF16, DType::kBF16, DType::kQ8_0, DType::kQ4_K, DType::kQ6_K})
    for (int64_t rows : {5, 12, 40, 100}) expect_rows(type, {rows, kOutputs, kInputs, Rounding::kNone});
  expect_rows(DType::kF16, {1000, kOutputs, kInputs, Rounding::kNone});
}

// Nor do the columns beside one whose weights are not finite.
TEST(CudaLinear, exact_weightsNotFinite_stayInTheirColumn) {
  constexpr int64_t kInputs = 40, kOutputs = 20;
  for (DType type : kTypes) {
    Floats values = random_floats(kOutputs * kInputs, 2);
    values[3 * kInputs + 33] = INFINITY;
    values[17 * kInputs] = NAN;
    Weights w{std::vector<unsigned char>(static_cast<size_t>(dtype_bytes(type, kOutputs * kInputs))), type, kOutputs, kInputs};
    convert_elements(DType::kF32, values.data(), type, w.bytes.data(), kOutputs * kInputs);
    for (int64_t rows : {2, 20, 100}) {
      const Floats got = on_device([&](Side& side) {
        float* y = side.floats(rows * kOutputs);
        side.kernels().linear(side.queue(), {side.array(random_floats(rows * kInputs, 1)), rows, side.weight(w), {}, y, Rounding::kNone});
        return y;
      }, rows * kOutputs);
      for (size_t i = 0; i < got.size(); ++i)
        ASSERT_EQ(i % kOutputs != 3 && i % kOutputs != 17, std::isfinite(got[i])) << name_of(type) << " " << i;
    }
  }
}

TEST(CudaLinear, int8_blocksOfAlmostNothing_countAsZeros) {
  Floats x = random_floats(3 * 256, 2, 1e-36f);
  x[0] = 1;
  compare("tiny", 3 * 9, 1e-11, linear_of(DType::kQ8_0, {3, 9, 256, Rounding::kInt8}, x));
}

}  // namespace
}  // namespace gpa::test
