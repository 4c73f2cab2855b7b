// Products with a prologue against the reference, and against what it stands for.
#include "kernels/product_shape.h"

namespace gpa::test {
namespace {

class PrologueTest : public KernelTest {};
GPA_FOR_EACH_TABLE(PrologueTest);

std::vector<Shape> shapes_for(DType type) {
  const int64_t block = dtype_quantized(type) ? dtype_block(type).elements : 1;
  std::vector<Shape> shapes;
  for (int64_t rows : {1, 2, 5, 17, 64}) {
    shapes.push_back({rows, 33, block == 1 ? 65 : block * 3});
    shapes.push_back({rows, 7, block == 1 ? 300 : 256});
  }
  return shapes;
}

template <class Run>
void for_each_type(Run run) {
  for (DType type : kTypes) run(type, Rounding::kNone);
  for (DType type : kBlockTypes) {
    run(type, Rounding::kNone);
    run(type, Rounding::kInt8);
  }
}

TEST_P(PrologueTest, norm_matchesReference_andHasTheBitsOfRmsNorm) {
  for_each_type([&](DType type, Rounding rounding) {
    for (const Shape& s : shapes_for(type)) {
      const Floats x = random_floats(s.rows * s.inputs, 1, 3.0f), norm = random_floats(s.inputs, 2, 0.5f, 1.0f);
      const Weights w = random_weights(type, s.outputs, s.inputs, 3);
      const LinearArgs map{x.data(), s.rows, w.view(), {}, nullptr, rounding, {.norm = norm.data(), .eps = 1e-6f}};
      const auto product = [&](const KernelTable& k, ThreadPool& pool, float* y) {
        LinearArgs args = map;
        args.y = y;
        k.linear(pool, args);
      };
      compare(s.rows * s.outputs, 1e-11, text(s, type), product);
      ThreadPool pool(2);
      Floats normed(x.size()), want(static_cast<size_t>(s.rows * s.outputs)), got(want.size());
      kernels().rms_norm(pool, {x.data(), s.rows, s.inputs, norm.data(), 1e-6f, normed.data()});
      kernels().linear(pool, {normed.data(), s.rows, w.view(), {}, want.data(), rounding});
      product(kernels(), pool, got.data());
      ASSERT_EQ(0, std::memcmp(want.data(), got.data(), want.size() * sizeof(float))) << text(s, type);
    }
  });
}

TEST_P(PrologueTest, gate_matchesReference) {
  for_each_type([&](DType type, Rounding rounding) {
    for (const Shape& s : shapes_for(type)) {
      const Floats gate = random_floats(s.rows * s.inputs, 4, 2.0f), up = random_floats(s.rows * s.inputs, 5);
      const Weights w = random_weights(type, s.outputs, s.inputs, 6);
      const Floats residual = random_floats(s.rows * s.outputs, 7);
      compare(s.rows * s.outputs, 1e-11, text(s, type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        std::copy(residual.begin(), residual.end(), y);
        k.linear(pool, {gate.data(), s.rows, w.view(), {.residual = y}, y, rounding, {.up = up.data(), .activation = Activation::kSilu}});
      });
    }
  });
}

Floats random_alpha(int64_t count, unsigned seed) {
  Floats alpha = random_floats(count, seed);
  alpha[0] = 0;
  return alpha;
}

TEST_P(PrologueTest, snake_matchesReference_andARowHasTheBitsItHasAlone) {
  for_each_type([&](DType type, Rounding rounding) {
    for (const Shape& s : shapes_for(type)) {
      const Floats x = random_floats(s.rows * s.inputs, 14, 3.0f), alpha = random_alpha(s.inputs, 15);
      const Weights w = random_weights(type, s.outputs, s.inputs, 16);
      const auto product = [&](const KernelTable& k, ThreadPool& pool, int64_t first, int64_t rows, float* y) {
        k.linear(pool, {x.data() + first * s.inputs, rows, w.view(), {}, y, rounding, {.snake = alpha.data()}});
      };
      compare(s.rows * s.outputs, 1e-11, text(s, type), [&](const KernelTable& k, ThreadPool& pool, float* y) { product(k, pool, 0, s.rows, y); });
      ThreadPool pool(2);
      Floats all(static_cast<size_t>(s.rows * s.outputs)), last(static_cast<size_t>(s.outputs));
      product(kernels(), pool, 0, s.rows, all.data());
      product(kernels(), pool, s.rows - 1, 1, last.data());
      ASSERT_TRUE(std::equal(last.begin(), last.end(), all.end() - s.outputs)) << text(s, type);
    }
  });
}

// Padding is of what has gone through Snake already.
TEST_P(PrologueTest, snakeOfConvolutions_matchesReference) {
  struct Conv {
    int64_t frames, in, out, taps, dilation, groups;
  };
  for_each_type([&](DType type, Rounding rounding) {
    const bool blocks = dtype_quantized(type);
    for (const Conv& c : {Conv{1, 256, 5, 7, 1, 1}, Conv{40, 256, 9, 7, 9, 1}, Conv{130, 256, 33, 1, 1, 1}, Conv{33, 24, 10, 3, 2, 2}}) {
      if (blocks && c.groups > 1) continue;
      const Floats x = random_floats(c.frames * c.in, 17, 3.0f), alpha = random_alpha(c.in, 18);
      const Weights w = random_weights(type, c.out, c.taps * c.in / c.groups, 19);
      compare(c.frames * c.out, 1e-11, name_of(type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.conv1d(pool, {.x = x.data(), .frames = c.frames, .in_channels = c.in, .w = w.view(), .taps = c.taps, .dilation = c.dilation,
                        .groups = c.groups, .pad_left = c.taps / 2 * c.dilation, .out_frames = c.frames, .epilogue = {}, .y = y,
                        .rounding = rounding, .snake = alpha.data()});
      });
    }
    for (int64_t frames : {1, 3, 50}) {
      constexpr int64_t kIn = 256, kOut = 6, kStride = 4;
      const Floats x = random_floats(frames * kIn, 20, 3.0f), alpha = random_alpha(kIn, 21), bias = random_floats(kOut, 22);
      const Weights w = random_weights(type, kStride * kOut, 2 * kIn, 23);
      compare(frames * kStride * kOut, 1e-11, name_of(type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.conv_transpose1d(pool, {.x = x.data(), .frames = frames, .in_channels = kIn, .w = w.view(), .stride = kStride, .taps_per_phase = 2,
                                  .out_channels = kOut, .crop_left = 2, .out_frames = frames * kStride, .bias = bias.data(), .y = y,
                                  .rounding = rounding, .snake = alpha.data()});
      });
    }
  });
}

// Two halves of one matrix whose rows are longer than both.
TEST_P(PrologueTest, gateWithStride_andEveryActivation_matchesReference) {
  for (DType type : {DType::kF16, DType::kQ8_0}) {
    for (Activation activation :
         {Activation::kNone, Activation::kGelu, Activation::kRelu, Activation::kSilu, Activation::kSigmoid, Activation::kTanh}) {
      for (int64_t rows : {1, 9}) {
        const int64_t inputs = dtype_quantized(type) ? 96 : 39, stride = 2 * inputs + 3;
        const Floats both = random_floats(rows * stride, 8, 2.0f);
        const Weights w = random_weights(type, 20, inputs, 9);
        compare(rows * 20, 1e-11, name_of(type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
          const Prologue prologue{.up = both.data(), .activation = activation, .stride = stride};
          k.linear(pool, {both.data() + inputs, rows, w.view(), {}, y, Rounding::kInt8, prologue});
        });
      }
    }
  }
}

// Maps that round and maps that do not share the rows: each as if it were alone.
TEST_P(PrologueTest, manyMaps_haveTheBitsOfEach) {
  constexpr int64_t kInputs = 256, kOutputs = 21;
  const DType types[] = {DType::kQ4_K, DType::kF16, DType::kQ6_K, DType::kF32, DType::kQ8_0, DType::kQ4_0, DType::kQ5_K};
  const Floats norm = random_floats(kInputs, 10, 0.5f, 1.0f);
  for (int64_t rows : {1, 5, 40}) {
    const Floats x = random_floats(rows * kInputs, 11), up = random_floats(rows * kInputs, 12);
    for (const Prologue& prologue : {Prologue{.norm = norm.data(), .eps = 1e-6f}, Prologue{.up = up.data(), .activation = Activation::kGelu},
                                     Prologue{.snake = norm.data()}}) {
      for (int threads : kThreadCounts) {
        ThreadPool pool(threads);
        std::vector<Weights> weights;
        std::vector<Floats> together, alone;
        std::vector<LinearArgs> maps;
        for (DType type : types) weights.push_back(random_weights(type, kOutputs, kInputs, 13));
        for (const Weights& w : weights) {
          together.emplace_back(static_cast<size_t>(rows * kOutputs), NAN);
          alone.emplace_back(static_cast<size_t>(rows * kOutputs), NAN);
          maps.push_back({x.data(), rows, w.view(), {}, together.back().data(), Rounding::kInt8, prologue});
          LinearArgs single = maps.back();
          single.y = alone.back().data();
          kernels().linear(pool, single);
        }
        kernels().linears(pool, maps.data(), static_cast<int64_t>(maps.size()));
        ASSERT_EQ(alone, together) << rows << " rows, " << threads << " threads";
      }
    }
  }
}

}  // namespace
}  // namespace gpa::test
