// The vectorised functions against libm in double, through the ops that use them.
#include "kernels/support.h"

namespace gpa::test {
namespace {

class AccuracyTest : public KernelTest {
 protected:
  Floats activated(Activation activation, const Floats& x) const {
    ThreadPool pool(1);
    Floats y(x.size());
    kernels().activate(pool, {.x = x.data(), .count = static_cast<int64_t>(x.size()), .activation = activation, .y = y.data()});
    return y;
  }
  // Snake with alpha = 1, ahead of a product with the identity.
  Floats snaked(Floats x) const {
    constexpr int64_t kCols = 16;
    const size_t count = x.size();
    x.resize((count + kCols - 1) / kCols * kCols);
    const Floats alpha(kCols, 1.0f);
    Floats identity(kCols * kCols), y(x.size());
    for (size_t i = 0; i < kCols; ++i) identity[i * (kCols + 1)] = 1.0f;
    ThreadPool pool(1);
    kernels().linear(pool, {.x = x.data(),
                            .rows = static_cast<int64_t>(x.size()) / kCols,
                            .w = {identity.data(), DType::kF32, kCols, kCols},
                            .epilogue = {},
                            .y = y.data(),
                            .prologue = {.snake = alpha.data()}});
    y.resize(count);
    return y;
  }
};
GPA_FOR_EACH_TABLE(AccuracyTest);

Floats range(double low, double high, int count) {
  Floats x;
  for (int i = 0; i <= count; ++i) x.push_back(static_cast<float>(low + (high - low) * i / count));
  return x;
}

// Every float magnitude: 40 a binade from denormals to the largest, both signs, and the odd ones.
Floats magnitudes() {
  Floats x = {0.0f, -0.0f, FLT_TRUE_MIN, -FLT_TRUE_MIN, FLT_MAX, -FLT_MAX};
  for (int exponent = -148; exponent < 128; ++exponent)
    for (int i = 0; i < 40; ++i)
      for (float sign : {1.0f, -1.0f}) x.push_back(sign * std::ldexp(1.0f + static_cast<float>(i) / 40.0f, exponent));
  return x;
}

struct Error {
  double largest = 0;
  float at = 0;
};

// Largest of |got - want| / scale(x, want).
template <class Function, class Scale>
Error error_of(const Floats& x, const Floats& got, Function function, Scale scale) {
  Error error;
  for (size_t i = 0; i < x.size(); ++i) {
    const double exact = function(static_cast<double>(x[i]));
    const double e = std::fabs(got[i] - exact) / scale(static_cast<double>(x[i]), exact);
    if (!(e <= error.largest)) error = {std::isnan(e) ? INFINITY : e, x[i]};
  }
  return error;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST_P(AccuracyTest, sigmoid_relativeError) {
  for (const Floats& x : {range(-87, 30, 300000), range(-1, 1, 100000)}) {
    const Error e = error_of(x, activated(Activation::kSigmoid, x), sigmoid, [](double, double y) { return y; });
    EXPECT_LE(e.largest, 3e-7) << "at " << e.at;
  }
  const Floats x = magnitudes();
  const Error e = error_of(x, activated(Activation::kSigmoid, x), sigmoid, [](double, double) { return 1.0; });
  EXPECT_LE(e.largest, 1.2e-7) << "at " << e.at;
}

TEST_P(AccuracyTest, silu_relativeError) {
  const auto silu = [](double x) { return x * sigmoid(x); };
  for (const Floats& x : {range(-80, 30, 300000), range(-1, 1, 100000)}) {
    const Error e = error_of(x, activated(Activation::kSilu, x), silu, [](double, double y) { return std::fabs(y) + 1e-37; });
    EXPECT_LE(e.largest, 3e-7) << "at " << e.at;
  }
  const Floats x = magnitudes();
  const Error e = error_of(x, activated(Activation::kSilu, x), silu, [](double a, double) { return std::max(1.0, a); });
  EXPECT_LE(e.largest, 1.2e-7) << "at " << e.at;
}

TEST_P(AccuracyTest, tanh_relativeError) {
  for (const Floats& x : {range(-12, 12, 400000), range(-0.7, 0.7, 200000), magnitudes()}) {
    const Error e = error_of(x, activated(Activation::kTanh, x), [](double v) { return std::tanh(v); },
                             [](double, double y) { return std::fabs(y) + 1e-37; });
    EXPECT_LE(e.largest, 3e-7) << "at " << e.at;
  }
}

TEST_P(AccuracyTest, gelu_absoluteError) {
  const auto gelu = [](double x) { return 0.5 * x * std::erfc(-x * std::sqrt(0.5)); };
  for (const Floats& x : {range(-16, 16, 400000), range(-1, 1, 200000), magnitudes()}) {
    const Error e = error_of(x, activated(Activation::kGelu, x), gelu, [](double v, double) { return std::max(1.0, std::fabs(v)); });
    EXPECT_LE(e.largest, 1.2e-7) << "at " << e.at;
  }
  // Far out on the left the result is tiny but not noise: it is relatively right.
  const Floats left = range(-6, -0.01, 200000);
  const Error e = error_of(left, activated(Activation::kGelu, left), gelu, [](double, double y) { return std::fabs(y); });
  EXPECT_LE(e.largest, 3e-6) << "at " << e.at;
}

TEST_P(AccuracyTest, relu_isExact) {
  const Floats x = magnitudes(), y = activated(Activation::kRelu, x);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(x[i] < 0 ? 0.0f : x[i], y[i]);
}

TEST_P(AccuracyTest, snake_absoluteError) {
  const auto snake = [](double x) { return x + std::sin(x) * std::sin(x); };
  for (const Floats& x : {range(-4, 4, 200000), range(-200, 200, 200000), range(-8500, 8500, 200000), magnitudes()}) {
    const Error e = error_of(x, snaked(x), snake, [](double v, double) { return std::max(1.0, std::fabs(v)); });
    EXPECT_LE(e.largest, 3e-7) << "at " << e.at;
  }
}

// e^x as softmax uses it: two keys whose scores are 0 and -d, values 1 and 0, give 1 / (1 + e^-d).
TEST_P(AccuracyTest, softmaxOfTwo_relativeError) {
  ThreadPool pool(1);
  Floats want, got;
  for (int i = 0; i <= 2000; ++i) {
    const float d = static_cast<float>(i) * 0.05f;
    const float q = 1, kv[4] = {0, -d, 0, 1};
    const void* page = kv;
    const AttentionSequence sequence{.first_row = 0, .queries = 1, .keys = 2, .position = 0, .pages = &page};
    float y;
    kernels().attention(pool, {.q = &q, .q_stride = 1, .heads = 1, .kv_heads = 1, .head_dim = 1, .page_tokens = 2, .kv_stride = 1,
                               .k_offset = 0, .v_offset = 2, .scale = 1.0f, .y = &y, .y_stride = 1, .sequences = &sequence, .count = 1,
                               .most_queries = 1, .most_keys = 2});
    const double exact = std::exp(-static_cast<double>(d)) / (1 + std::exp(-static_cast<double>(d)));
    // Below 2^-126 results are denormal: their spacing is the bound.
    EXPECT_LE(std::fabs(y - exact), 3e-7 * exact + 1.5e-45) << "difference of scores " << d;
  }
}

TEST_P(AccuracyTest, infinityAndNan_passThrough) {
  for (size_t lane : {size_t{0}, size_t{5}, size_t{32}}) {
    Floats x(33, 0.5f);
    x[lane] = NAN;
    for (Activation a : {Activation::kNone, Activation::kGelu, Activation::kRelu, Activation::kSilu, Activation::kSigmoid,
                         Activation::kTanh}) {
      const Floats y = activated(a, x);
      for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(i == lane, std::isnan(y[i])) << i << ", activation " << static_cast<int>(a);
    }
    EXPECT_TRUE(std::isnan(snaked(x)[lane]));
    x[lane] = INFINITY;
    EXPECT_EQ(1.0f, activated(Activation::kSigmoid, x)[lane]);
    EXPECT_EQ(1.0f, activated(Activation::kTanh, x)[lane]);
    EXPECT_EQ(INFINITY, activated(Activation::kGelu, x)[lane]);
    EXPECT_TRUE(std::isnan(snaked(x)[lane]));
    x[lane] = -INFINITY;
    EXPECT_EQ(0.0f, activated(Activation::kSigmoid, x)[lane]);
    EXPECT_EQ(-1.0f, activated(Activation::kTanh, x)[lane]);
  }
}

}  // namespace
}  // namespace gpa::test
