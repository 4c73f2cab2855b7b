// linear with weights of block types: rounded activations and f32 ones, against the reference.
#include "kernels/product_shape.h"

namespace gpa::test {
namespace {

class BlockTypesTest : public KernelTest {};
GPA_FOR_EACH_TABLE(BlockTypesTest);

constexpr Shape kShapes[] = {{1, 3, 256},   {1, 33, 768},  {2, 17, 256},  {3, 31, 512},  {5, 3, 1024},  {6, 64, 256},
                             {7, 129, 768}, {8, 16, 2304}, {12, 63, 512}, {13, 31, 256}, {33, 48, 768}, {270, 40, 1280}};

TEST_P(BlockTypesTest, roundedRows_matchReference) {
  for (const Shape& s : kShapes) {
    for (DType type : kBlockTypes) {
      const Floats x = random_floats(s.rows * s.inputs, 1);
      const Weights w = random_weights(type, s.outputs, s.inputs, 2);
      compare(s.rows * s.outputs, 1e-11, text(s, type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.linear(pool, {.x = x.data(), .rows = s.rows, .w = w.view(), .epilogue = {}, .y = y, .rounding = Rounding::kInt8});
      });
    }
  }
}

TEST_P(BlockTypesTest, floatRows_matchReference) {
  for (const Shape& s : kShapes) {
    for (DType type : kBlockTypes) {
      const Floats x = random_floats(s.rows * s.inputs, 3);
      const Weights w = random_weights(type, s.outputs, s.inputs, 4);
      compare(s.rows * s.outputs, 1e-11, text(s, type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.linear(pool, {.x = x.data(), .rows = s.rows, .w = w.view(), .epilogue = {}, .y = y});
      });
    }
  }
}

// Columns that are no multiple of a superblock, for the types with blocks of 32.
TEST_P(BlockTypesTest, oddNumberOfBlocks_matchesReference) {
  for (DType type : kBlockTypes) {
    if (dtype_block(type).elements > 32) continue;
    for (const Shape& s : {Shape{1, 20, 32}, Shape{9, 35, 96}, Shape{2, 65, 800}, Shape{4, 16, 1568}}) {
      const Floats x = random_floats(s.rows * s.inputs, 5);
      const Weights w = random_weights(type, s.outputs, s.inputs, 6);
      for (Rounding rounding : {Rounding::kNone, Rounding::kInt8})
        compare(s.rows * s.outputs, 1e-11, text(s, type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
          k.linear(pool, {.x = x.data(), .rows = s.rows, .w = w.view(), .epilogue = {}, .y = y, .rounding = rounding});
        });
    }
  }
}

TEST_P(BlockTypesTest, epilogue_matchesReference) {
  const Shape s{9, 37, 256};
  const Floats x = random_floats(s.rows * s.inputs, 7), bias = random_floats(s.outputs, 8), gamma = random_floats(s.outputs, 9);
  const Floats residual = random_floats(s.rows * s.outputs, 10);
  const Weights w = random_weights(DType::kQ8_0, s.outputs, s.inputs, 11);
  const Epilogue epilogue{bias.data(), Activation::kSilu, gamma.data(), residual.data()};
  compare(s.rows * s.outputs, 1e-11, text(s, w.type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
    k.linear(pool, {.x = x.data(), .rows = s.rows, .w = w.view(), .epilogue = epilogue, .y = y, .rounding = Rounding::kInt8});
  });
}

TEST_P(BlockTypesTest, roundedRowOfAnotherBatch_hasTheSameBits) {
  constexpr int64_t kOutputs = 150, kInputs = 1024, kRows = 40;
  const Floats x = random_floats(kRows * kInputs, 12);
  for (DType type : kBlockTypes) {
    const Weights w = random_weights(type, kOutputs, kInputs, 13);
    ThreadPool pool(2);
    const auto product = [&](int64_t first, int64_t rows) {
      Floats y(static_cast<size_t>(rows * kOutputs));
      kernels().linear(pool, {.x = x.data() + first * kInputs, .rows = rows, .w = w.view(), .epilogue = {}, .y = y.data(), .rounding = Rounding::kInt8});
      return y;
    };
    const Floats all = product(0, kRows);
    for (int64_t rows : {1, 2, 5, 7, 8, 9, 12, 13, 16, 17}) {
      for (int64_t first : {0, 3, 20}) {
        const Floats some = product(first, rows);
        EXPECT_EQ(0, std::memcmp(some.data(), all.data() + first * kOutputs, some.size() * sizeof(float)))
            << name_of(type) << ": rows " << first << " ... " << first + rows;
      }
    }
  }
}

// Values so small that 127 / max |x| is no float: a block of them counts as zeros, beside others that do not.
TEST_P(BlockTypesTest, tinyRows_countAsZero) {
  constexpr int64_t kOutputs = 18, kInputs = 256, kRows = 4;
  for (const float tiny : {1e-45f, 1e-40f, 3e-38f, 1e-37f, 3e-37f}) {
    Floats x = random_floats(kRows * kInputs, 30);
    for (int64_t k = 0; k < kInputs; ++k) x[static_cast<size_t>(k)] = k % 3 ? tiny * static_cast<float>(1 - k % 2) : 0.0f;
    for (int64_t k = 0; k < 32; ++k) x[static_cast<size_t>(2 * kInputs + k)] = k % 5 ? 0.0f : -tiny;
    for (DType type : kBlockTypes) {
      const Weights w = random_weights(type, kOutputs, kInputs, 31);
      for (int threads : kThreadCounts) {
        ThreadPool pool(threads);
        Floats want(static_cast<size_t>(kRows * kOutputs)), got(want.size(), NAN);
        const LinearArgs map{x.data(), kRows, w.view(), {}, want.data(), Rounding::kInt8};
        reference().linear(pool, map);
        LinearArgs other = map;
        other.y = got.data();
        kernels().linear(pool, other);
        for (int64_t n = 0; n < kOutputs; ++n) ASSERT_EQ(0.0f, got[static_cast<size_t>(n)]) << name_of(type) << ", " << tiny << ", column " << n;
        ASSERT_LE(nmse(want, got), 1e-11) << name_of(type) << ", " << tiny;
      }
    }
  }
}

// What is not finite stays so in its own row, and only there: broken weights upstream must not look like an answer.
TEST_P(BlockTypesTest, rowsThatAreNotFinite_stayNotFinite) {
  constexpr int64_t kOutputs = 18, kInputs = 256, kRows = 9;
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    for (const int64_t place : {0, 1, 15, 16, 31, 200, 255}) {
      Floats x = random_floats(kRows * kInputs, 32);
      x[static_cast<size_t>(3 * kInputs + place)] = bad;
      for (DType type : kBlockTypes) {
        const Weights w = random_weights(type, kOutputs, kInputs, 33);
        ThreadPool pool(2);
        for (int64_t rows : {4, 9}) {
          Floats y(static_cast<size_t>(rows * kOutputs));
          kernels().linear(pool, {x.data(), rows, w.view(), {}, y.data(), Rounding::kInt8});
          for (int64_t i = 0; i < rows * kOutputs; ++i)
            ASSERT_EQ(i / kOutputs != 3, std::isfinite(y[static_cast<size_t>(i)])) << name_of(type) << ", " << bad << " at " << place << ", element " << i;
        }
      }
    }
  }
}

// Several maps of one x, of different types, sizes and rounding: each as if it were alone.
TEST_P(BlockTypesTest, manyMaps_haveTheBitsOfEach) {
  constexpr int64_t kInputs = 512;
  const std::pair<DType, int64_t> maps[] = {{DType::kQ4_K, 96}, {DType::kQ6_K, 33}, {DType::kF16, 40}, {DType::kQ8_0, 7}, {DType::kQ4_0, 200}, {DType::kQ5_K, 64}};
  for (int64_t rows : {1, 5, 9, 300}) {
    const Floats x = random_floats(rows * kInputs, 17);
    for (int threads : kThreadCounts) {
      ThreadPool pool(threads);
      std::vector<Weights> weights;
      std::vector<Floats> together, alone;
      for (const auto& [type, outputs] : maps) {
        weights.push_back(random_weights(type, outputs, kInputs, 18));
        together.emplace_back(static_cast<size_t>(rows * outputs), NAN);
        alone.emplace_back(static_cast<size_t>(rows * outputs), NAN);
      }
      std::vector<LinearArgs> args;
      for (size_t i = 0; i < weights.size(); ++i) {
        const LinearArgs map{x.data(), rows, weights[i].view(), {}, together[i].data(), Rounding::kInt8};
        args.push_back(map);
        LinearArgs single = map;
        single.y = alone[i].data();
        kernels().linear(pool, single);
      }
      kernels().linears(pool, args.data(), static_cast<int64_t>(args.size()));
      for (size_t i = 0; i < weights.size(); ++i)
        EXPECT_EQ(0, std::memcmp(alone[i].data(), together[i].data(), alone[i].size() * sizeof(float))) << name_of(weights[i].type) << ", " << rows << " rows";
    }
  }
}

// Zero rows, one huge value in a block, and a weight block of zeros.
TEST_P(BlockTypesTest, extremeRows_matchReference) {
  constexpr int64_t kOutputs = 18, kInputs = 256, kRows = 3;
  Floats x = random_floats(kRows * kInputs, 14);
  std::fill(x.begin(), x.begin() + kInputs, 0.0f);
  x[kInputs + 5] = 3e30f;
  for (DType type : kBlockTypes) {
    Weights w = random_weights(type, kOutputs, kInputs, 15);
    std::fill(w.bytes.begin(), w.bytes.begin() + dtype_bytes(type, kInputs), 0);
    compare(kRows * kOutputs, 1e-11, name_of(type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
      k.linear(pool, {.x = x.data(), .rows = kRows, .w = w.view(), .epilogue = {}, .y = y, .rounding = Rounding::kInt8});
    });
  }
}

struct Conv {
  int64_t frames, in, out, taps, stride, dilation, groups, pad_left, out_frames;
};

// Rounded where they can be, as f32 otherwise (groups, channels that are no whole blocks).
TEST_P(BlockTypesTest, convolutions_matchReference) {
  const Conv cases[] = {
      {50, 32, 17, 7, 1, 1, 1, 3, 50},    {63, 64, 31, 7, 1, 3, 1, 9, 63},   {127, 32, 32, 7, 1, 9, 1, 27, 127},
      {31, 96, 33, 3, 2, 1, 1, 2, 16},    {17, 64, 64, 8, 1, 1, 2, 4, 17},   {64, 160, 1, 7, 1, 1, 1, 3, 64},
      {3, 32, 20, 9, 1, 1, 1, 20, 45},    {5, 64, 37, 7, 1, 1, 1, 3, 5},     {700, 32, 130, 7, 1, 1, 1, 3, 700},
      {40, 48, 24, 2, 1, 4, 1, 4, 40},
  };
  for (const Conv& c : cases) {
    const Floats x = random_floats(c.frames * c.in, 20), bias = random_floats(c.out, 21), residual = random_floats(c.out_frames * c.out, 22);
    for (DType type : {DType::kQ8_0, DType::kQ4_0, DType::kIQ4_NL}) {
      const Weights w = random_weights(type, c.out, c.taps * c.in / c.groups, 23);
      for (Rounding rounding : {Rounding::kNone, Rounding::kInt8}) {
        compare(c.out_frames * c.out, 1e-11, std::string(name_of(type)) + " convolution of " + std::to_string(c.frames) + "x" + std::to_string(c.in),
                [&](const KernelTable& k, ThreadPool& pool, float* y) {
                  k.conv1d(pool, {.x = x.data(), .frames = c.frames, .in_channels = c.in, .w = w.view(), .taps = c.taps, .stride = c.stride,
                                  .dilation = c.dilation, .groups = c.groups, .pad_left = c.pad_left, .out_frames = c.out_frames,
                                  .epilogue = {bias.data(), Activation::kGelu, nullptr, residual.data()}, .y = y, .rounding = rounding});
                });
      }
    }
  }
}

TEST_P(BlockTypesTest, roundedTransposedConvolution_matchesReference) {
  constexpr int64_t kFrames = 45, kIn = 64, kStride = 5, kTaps = 3, kOut = 19;
  const Floats x = random_floats(kFrames * kIn, 24), bias = random_floats(kOut, 25);
  for (DType type : {DType::kQ8_0, DType::kQ4_0}) {
    const Weights w = random_weights(type, kStride * kOut, kTaps * kIn, 26);
    compare(kFrames * kStride * kOut, 1e-11, name_of(type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
      k.conv_transpose1d(pool, {.x = x.data(), .frames = kFrames, .in_channels = kIn, .w = w.view(), .stride = kStride, .taps_per_phase = kTaps,
                                .out_channels = kOut, .crop_left = 3, .out_frames = kFrames * kStride, .bias = bias.data(), .y = y,
                                .rounding = Rounding::kInt8});
    });
  }
}

TEST_P(BlockTypesTest, embed_matchesReference) {
  const std::vector<int32_t> ids = {3, 0, 6, 3};
  for (DType type : kBlockTypes) {
    const Weights w = random_weights(type, 7, 512, 16);
    compare(static_cast<int64_t>(ids.size()) * 512, 1e-13, name_of(type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
      k.embed(pool, {.table = w.view(), .ids = ids.data(), .count = static_cast<int64_t>(ids.size()), .y = y});
    });
  }
}

// Tables that differ only in how they take the exact sums of products: a model sounds the same on both.
struct Twins {
  const char *one, *other;
};
class TwinsTest : public testing::TestWithParam<Twins> {};
INSTANTIATE_TEST_SUITE_P(Tables, TwinsTest, testing::Values(Twins{"avxvnni", "avx2"}, Twins{"amx", "avx512"}, Twins{"neon_i8mm", "neon"}),
                         [](const auto& info) { return std::string(info.param.one); });

TEST_P(TwinsTest, haveTheSameBits) {
  const KernelTable *one = find_kernels(GetParam().one), *other = find_kernels(GetParam().other);
  if (!one) GTEST_SKIP() << "this machine has no " << GetParam().one;
  constexpr int64_t kInputs = 768, kOutputs = 83;
  ThreadPool pool(2);
  for (int64_t rows : {1, 2, 3, 4, 9, 16, 17, 70}) {
    const Floats x = random_floats(rows * kInputs, 34);
    for (DType type : kBlockTypes) {
      const Weights w = random_weights(type, kOutputs, kInputs, 35);
      Floats want(static_cast<size_t>(rows * kOutputs)), got(want.size(), NAN);
      LinearArgs map{x.data(), rows, w.view(), {}, want.data(), Rounding::kInt8};
      other->linear(pool, map);
      map.y = got.data();
      one->linear(pool, map);
      EXPECT_EQ(0, std::memcmp(want.data(), got.data(), want.size() * sizeof(float))) << name_of(type) << ", " << rows << " rows";
    }
  }
}

}  // namespace
}  // namespace gpa::test
