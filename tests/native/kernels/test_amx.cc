// Products by tiles (AMX): their code on emulated tiles, with the bits of the table beneath, and who may use the real ones.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>

#include "kernels/emulated_amx.h"
#include "kernels/product_shape.h"

#if defined(__x86_64__)
#include "tile_permission.h"
#endif

namespace gpa::test {
namespace {

class EmulatedAmx : public testing::Test {
 protected:
  void SetUp() override {
    if (!amx_emulated::twin()) GTEST_SKIP() << "this machine cannot run the emulation";
  }
  void TearDown() override { EXPECT_EQ(0, amx_emulated::threads_with_tiles()); }
};

using Op = std::function<void(const KernelTable&, ThreadPool&, float*)>;

// The op's `size` floats are those of the twin, and near the reference's.
void expect_same(int64_t size, const std::string& what, const Op& op, const KernelTable& kernels = amx_emulated::kernels()) {
  const auto run = [&](const KernelTable& table, int threads) {
    ThreadPool pool(threads);
    Floats y(static_cast<size_t>(size), NAN);
    op(table, pool, y.data());
    return y;
  };
  const Floats twin = run(*amx_emulated::twin(), 1);
  EXPECT_LE(nmse(run(reference_kernels(), 1), twin), 1e-11) << what;
  for (int threads : {1, 3}) {
    const Floats got = run(kernels, threads);
    EXPECT_EQ(0, std::memcmp(twin.data(), got.data(), twin.size() * sizeof(float))) << what << ", " << threads << " threads";
  }
}

Floats product(const KernelTable& kernels, DType type, int64_t rows) {
  constexpr int64_t kOutputs = 20, kInputs = 256;
  const Floats x = random_floats(rows * kInputs, 1);
  const Weights w = random_weights(type, kOutputs, kInputs, 2);
  ThreadPool pool(1);
  Floats y(static_cast<size_t>(rows * kOutputs), NAN);
  kernels.linear(pool, {.x = x.data(), .rows = rows, .w = w.view(), .epilogue = {}, .y = y.data(), .rounding = Rounding::kInt8});
  return y;
}

TEST_F(EmulatedAmx, linear_hasTheBitsOfItsTwin) {
  for (DType type : kBlockTypes) {
    for (const Shape& s : {Shape{8, 33, 256}, Shape{9, 3, 256}, Shape{16, 16, 768}, Shape{17, 129, 512}, Shape{33, 40, 1280}, Shape{270, 31, 256}}) {
      const Floats x = random_floats(s.rows * s.inputs, 3), bias = random_floats(s.outputs, 4), residual = random_floats(s.rows * s.outputs, 5);
      const Weights w = random_weights(type, s.outputs, s.inputs, 6);
      const Epilogue epilogue{bias.data(), Activation::kSilu, nullptr, residual.data()};
      expect_same(s.rows * s.outputs, text(s, type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.linear(pool, {.x = x.data(), .rows = s.rows, .w = w.view(), .epilogue = epilogue, .y = y, .rounding = Rounding::kInt8});
      });
    }
  }
}

TEST_F(EmulatedAmx, oddNumberOfBlocks_hasTheBitsOfItsTwin) {
  for (DType type : {DType::kQ8_0, DType::kQ4_0, DType::kIQ4_NL}) {
    for (const Shape& s : {Shape{9, 20, 32}, Shape{18, 35, 96}, Shape{12, 65, 800}, Shape{40, 16, 1568}}) {
      const Floats x = random_floats(s.rows * s.inputs, 7);
      const Weights w = random_weights(type, s.outputs, s.inputs, 8);
      expect_same(s.rows * s.outputs, text(s, type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.linear(pool, {.x = x.data(), .rows = s.rows, .w = w.view(), .epilogue = {}, .y = y, .rounding = Rounding::kInt8});
      });
    }
  }
}

// Of block types only, and with a map that is not rounded.
TEST_F(EmulatedAmx, manyMaps_haveTheBitsOfItsTwin) {
  constexpr int64_t kRows = 21, kInputs = 512;
  const Floats x = random_floats(kRows * kInputs, 9);
  const std::vector<std::vector<DType>> calls = {{DType::kQ4_K, DType::kQ6_K, DType::kQ8_0, DType::kQ5_K, DType::kIQ4_NL},
                                                 {DType::kQ4_K, DType::kF16, DType::kQ6_K}};
  for (const auto& types : calls) {
    constexpr int64_t kOutputs = 50;
    std::vector<Weights> weights;
    for (DType type : types) weights.push_back(random_weights(type, kOutputs, kInputs, 10));
    const auto size = static_cast<int64_t>(types.size()) * kRows * kOutputs;
    expect_same(size, std::to_string(types.size()) + " maps", [&](const KernelTable& k, ThreadPool& pool, float* y) {
      std::vector<LinearArgs> maps;
      for (const Weights& w : weights) {
        maps.push_back({x.data(), kRows, w.view(), {}, y, Rounding::kInt8});
        y += kRows * kOutputs;
      }
      k.linears(pool, maps.data(), static_cast<int64_t>(maps.size()));
    });
  }
}

// Rounded, in groups, and of channels that are no whole blocks.
TEST_F(EmulatedAmx, convolutions_haveTheBitsOfItsTwin) {
  struct Conv {
    int64_t frames, in, out, taps, stride, dilation, groups, pad_left, out_frames;
  };
  for (const Conv& c : {Conv{50, 32, 17, 7, 1, 1, 1, 3, 50}, Conv{63, 64, 31, 7, 1, 3, 1, 9, 63}, Conv{31, 96, 33, 3, 2, 1, 1, 2, 16},
                        Conv{17, 64, 64, 8, 1, 1, 2, 4, 17}, Conv{40, 48, 24, 2, 1, 4, 1, 4, 40}, Conv{700, 32, 30, 7, 1, 1, 1, 3, 700}}) {
    const Floats x = random_floats(c.frames * c.in, 11), bias = random_floats(c.out, 12);
    const Weights w = random_weights(DType::kQ8_0, c.out, c.taps * c.in / c.groups, 13);
    const std::string what = "convolution of " + std::to_string(c.frames) + "x" + std::to_string(c.in);
    expect_same(c.out_frames * c.out, what, [&](const KernelTable& k, ThreadPool& pool, float* y) {
      k.conv1d(pool, {.x = x.data(), .frames = c.frames, .in_channels = c.in, .w = w.view(), .taps = c.taps, .stride = c.stride,
                      .dilation = c.dilation, .groups = c.groups, .pad_left = c.pad_left, .out_frames = c.out_frames,
                      .epilogue = {bias.data(), Activation::kGelu, nullptr, nullptr}, .y = y, .rounding = Rounding::kInt8});
    }, amx_emulated::rounded_kernels());
  }
}

TEST_F(EmulatedAmx, transposedConvolution_hasTheBitsOfItsTwin) {
  constexpr int64_t kFrames = 45, kIn = 64, kStride = 5, kTaps = 3, kOut = 19;
  const Floats x = random_floats(kFrames * kIn, 14), bias = random_floats(kOut, 15);
  const Weights w = random_weights(DType::kQ4_0, kStride * kOut, kTaps * kIn, 16);
  expect_same(kFrames * kStride * kOut, "transposed convolution", [&](const KernelTable& k, ThreadPool& pool, float* y) {
    k.conv_transpose1d(pool, {.x = x.data(), .frames = kFrames, .in_channels = kIn, .w = w.view(), .stride = kStride, .taps_per_phase = kTaps,
                              .out_channels = kOut, .crop_left = 3, .out_frames = kFrames * kStride, .bias = bias.data(), .y = y,
                              .rounding = Rounding::kInt8});
  });
}

// Near the reference, and the same bits of a frame whatever else is computed with it: frames `first` on of all that there are.
using Frames = std::function<void(const KernelTable&, ThreadPool&, int64_t first, int64_t frames, float*)>;

void expect_exact(int64_t frames, int64_t width, const std::string& what, const Frames& op) {
  ThreadPool one(1), three(3);
  Floats want(static_cast<size_t>(frames * width), NAN), all(want);
  op(reference_kernels(), three, 0, frames, want.data());
  op(amx_emulated::kernels(), one, 0, frames, all.data());
  EXPECT_LE(nmse(want, all), 2e-13) << what;
  for (int64_t some : {int64_t{1}, int64_t{7}, int64_t{16}, int64_t{33}, frames}) {
    for (int64_t first : {int64_t{0}, std::min(frames - some, int64_t{3}), frames - some}) {
      Floats got(static_cast<size_t>(some * width), NAN);
      op(amx_emulated::kernels(), three, first, some, got.data());
      ASSERT_EQ(0, std::memcmp(all.data() + first * width, got.data(), got.size() * sizeof(float))) << what << ": frames " << first << " + " << some;
    }
  }
}

constexpr DType kExactTypes[] = {DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ8_0, DType::kQ4_0,
                                 DType::kIQ4_NL, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K};

TEST_F(EmulatedAmx, exactConvolution_isTheReferences) {
  struct Conv {
    int64_t out_frames, in, out, taps, stride, dilation, groups;
  };
  for (const Conv& c : {Conv{70, 90, 33, 7, 1, 3, 1}, Conv{450, 72, 20, 1, 1, 1, 1}, Conv{40, 32, 20, 1, 1, 1, 1},
                        Conv{35, 256, 140, 3, 2, 1, 1}, Conv{40, 96, 100, 8, 1, 1, 2}}) {
    const int64_t depth = c.taps * c.in / c.groups, frames = (c.out_frames - 1) * c.stride + (c.taps - 1) * c.dilation + 1;
    const Floats x = random_floats(frames * c.in, 17), bias = random_floats(c.out, 18), residual = random_floats(c.out_frames * c.out, 19);
    for (DType type : kExactTypes) {
      if (depth % dtype_block(type).elements) continue;
      const Weights w = random_weights(type, c.out, depth, 20);
      const std::string what = text({c.out_frames, c.out, depth}, type);
      expect_exact(c.out_frames, c.out, what, [&](const KernelTable& k, ThreadPool& pool, int64_t first, int64_t some, float* y) {
        const int64_t entering = (some - 1) * c.stride + (c.taps - 1) * c.dilation + 1;
        k.conv1d(pool, {.x = x.data() + first * c.stride * c.in, .frames = entering, .in_channels = c.in, .w = w.view(), .taps = c.taps,
                        .stride = c.stride, .dilation = c.dilation, .groups = c.groups, .out_frames = some,
                        .epilogue = {bias.data(), Activation::kGelu, nullptr, residual.data() + first * c.out}, .y = y});
      });
    }
  }
}

// Of frames in groups of kStride; the first kTaps - 1 depend on what is before them.
TEST_F(EmulatedAmx, exactTransposedConvolution_isTheReferences) {
  constexpr int64_t kFrames = 45, kIn = 64, kStride = 5, kTaps = 4, kOut = 19;
  const Floats x = random_floats((kFrames + kTaps - 1) * kIn, 21), bias = random_floats(kOut, 22);
  for (DType type : kExactTypes) {
    const Weights w = random_weights(type, kStride * kOut, kTaps * kIn, 23);
    expect_exact(kFrames, kStride * kOut, name_of(type), [&](const KernelTable& k, ThreadPool& pool, int64_t first, int64_t some, float* y) {
      k.conv_transpose1d(pool, {.x = x.data() + first * kIn, .frames = some + kTaps - 1, .in_channels = kIn, .w = w.view(), .stride = kStride,
                                .taps_per_phase = kTaps, .out_channels = kOut, .crop_left = (kTaps - 1) * kStride, .out_frames = some * kStride,
                                .bias = bias.data(), .y = y});
    });
  }
}

// Padding and Snake, of values from small to large.
TEST_F(EmulatedAmx, exactConvolutionOfAllMagnitudes_isTheReferences) {
  constexpr int64_t kFrames = 37, kIn = 48, kOut = 40, kTaps = 7;
  Floats x = random_floats(kFrames * kIn, 24);
  const Floats alpha = random_floats(kIn, 25, 0.5f, 1.0f);
  for (int64_t c = 0; c < kIn; ++c)
    for (int64_t t = 0; t < kFrames; ++t) x[static_cast<size_t>(t * kIn + c)] *= std::ldexp(1.0f, static_cast<int>(c % 24 - 20));
  const Weights w = random_weights(DType::kF32, kOut, kTaps * kIn, 26);
  const auto run = [&](const KernelTable& k) {
    ThreadPool pool(2);
    Floats y(static_cast<size_t>(kFrames * kOut), NAN);
    k.conv1d(pool, {.x = x.data(), .frames = kFrames, .in_channels = kIn, .w = w.view(), .taps = kTaps, .pad_left = 3, .out_frames = kFrames,
                    .epilogue = {}, .y = y.data(), .snake = alpha.data()});
    return y;
  };
  EXPECT_LE(nmse(run(reference_kernels()), run(amx_emulated::kernels())), 2e-13);
}

// Tiles that err are found out, and are what products of many rows are made with, others not.
TEST_F(EmulatedAmx, tilesThatErr_areFoundOut) {
  EXPECT_TRUE(amx_emulated::tiles_work() && amx_emulated::exact_tiles_work());
  amx_emulated::spoil_tiles(true);
  EXPECT_FALSE(amx_emulated::tiles_work() || amx_emulated::exact_tiles_work());
  EXPECT_EQ(product(*amx_emulated::twin(), DType::kQ8_0, 4), product(amx_emulated::kernels(), DType::kQ8_0, 4));
  EXPECT_NE(product(*amx_emulated::twin(), DType::kQ8_0, 16), product(amx_emulated::kernels(), DType::kQ8_0, 16));
  amx_emulated::spoil_tiles(false);
}

// The emulation refuses what the hardware does.
TEST_F(EmulatedAmx, useOutOfConfiguration_aborts) {
  EXPECT_DEATH(amx_emulated::use_released_tile(), "without a configuration");
  EXPECT_DEATH(amx_emulated::use_shapes_that_do_not_fit(), "do not fit");
}

#if defined(__x86_64__)

int permissions_asked = 0;

TEST(TilePermission, whateverIsMissing_isARefusal) {
  const TileFacts all = {1u << 27, 3u << 24, [] { return uint64_t{3} << 17; }, [] { return ++permissions_asked > 0; }};
  EXPECT_TRUE(may_use_tiles(all));
  permissions_asked = 0;
  std::vector<TileFacts> refused(5, all);
  refused[0].leaf1_ecx = ~(1u << 27);
  refused[1].leaf7_edx = ~(1u << 24);
  refused[2].leaf7_edx = ~(1u << 25);
  refused[3].saved_state = [] { return ~(uint64_t{1} << 17); };
  refused[4].saved_state = [] { return ~(uint64_t{1} << 18); };
  for (size_t i = 0; i < refused.size(); ++i) EXPECT_FALSE(may_use_tiles(refused[i])) << i;
  EXPECT_EQ(0, permissions_asked);
  TileFacts forbidden = all;
  forbidden.permission = [] { return false; };
  EXPECT_FALSE(may_use_tiles(forbidden));
  TileFacts bf16 = all;
  EXPECT_FALSE(may_use_bf16_tiles(bf16));
  bf16.leaf7_edx |= 1u << 22;
  EXPECT_TRUE(may_use_bf16_tiles(bf16));
  for (TileFacts& facts : refused) {
    facts.leaf7_edx |= 1u << 22;
    EXPECT_FALSE(may_use_bf16_tiles(facts));
  }
}

TEST(TilePermission, thisMachine_isAskedRightly) {
  std::ifstream file("/proc/cpuinfo");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  if (text.empty()) GTEST_SKIP() << "no /proc/cpuinfo";
  const bool has_tiles = text.find(" amx_tile") != std::string::npos && text.find(" amx_int8") != std::string::npos;
  EXPECT_TRUE(has_tiles || !may_use_tiles());
  EXPECT_TRUE((has_tiles && text.find(" amx_bf16") != std::string::npos) || !may_use_bf16_tiles());
  EXPECT_TRUE(may_use_tiles() || !find_kernels("amx"));
}

#endif

}  // namespace
}  // namespace gpa::test
