// linear and embed against the reference.
#include "kernels/product_shape.h"

namespace gpa::test {
namespace {

class LinearTest : public KernelTest {};
GPA_FOR_EACH_TABLE(LinearTest);

TEST_P(LinearTest, anyShapeAndType_matchesReference) {
  const Shape shapes[] = {{1, 1, 1},     {1, 33, 7},    {2, 17, 127},  {3, 31, 128},   {4, 65, 129},  {5, 3, 63},
                          {6, 64, 31},   {7, 129, 257}, {8, 1, 17},    {8, 127, 3},    {9, 32, 255},  {11, 33, 256},
                          {12, 63, 513}, {13, 31, 1},   {17, 129, 64}, {31, 7, 33},    {33, 48, 768}, {63, 65, 300},
                          {73, 96, 511}, {127, 17, 40}, {129, 130, 7}, {401, 140, 20}, {1, 200, 1536}};
  for (const Shape& s : shapes) {
    for (DType type : kTypes) {
      const Floats x = random_floats(s.rows * s.inputs, 1);
      const Weights w = random_weights(type, s.outputs, s.inputs, 2);
      compare(s.rows * s.outputs, 1e-12, text(s, type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.linear(pool, {.x = x.data(), .rows = s.rows, .w = w.view(), .epilogue = {}, .y = y});
      });
    }
  }
}

TEST_P(LinearTest, epilogue_matchesReference) {
  const Activation activations[] = {Activation::kNone, Activation::kGelu,    Activation::kRelu,
                                    Activation::kSilu, Activation::kSigmoid, Activation::kTanh};
  for (const Shape& s : {Shape{3, 37, 65}, Shape{19, 37, 300}, Shape{14, 131, 65}}) {
    const Floats x = random_floats(s.rows * s.inputs, 3, 2.0f);
    const Weights w = random_weights(DType::kF16, s.outputs, s.inputs, 4);
    const Floats bias = random_floats(s.outputs, 5), gamma = random_floats(s.outputs, 6);
    const Floats residual = random_floats(s.rows * s.outputs, 7);
    for (Activation activation : activations) {
      for (int parts = 0; parts < 8; ++parts) {
        const Epilogue epilogue{parts & 1 ? bias.data() : nullptr, activation, parts & 2 ? gamma.data() : nullptr,
                                parts & 4 ? residual.data() : nullptr};
        compare(s.rows * s.outputs, 1e-12, text(s, DType::kF16) + " parts " + std::to_string(parts),
                [&](const KernelTable& k, ThreadPool& pool, float* y) {
                  k.linear(pool, {.x = x.data(), .rows = s.rows, .w = w.view(), .epilogue = epilogue, .y = y});
                });
      }
    }
  }
}

// Every block of K but the last leaves y alone: it still holds the residual.
TEST_P(LinearTest, residualIsOutput_addsOnce) {
  for (const Shape& s : {Shape{2, 70, 700}, Shape{40, 70, 700}}) {
    const Floats x = random_floats(s.rows * s.inputs, 8), residual = random_floats(s.rows * s.outputs, 9);
    const Weights w = random_weights(DType::kF32, s.outputs, s.inputs, 10);
    compare(s.rows * s.outputs, 1e-12, text(s, DType::kF32), [&](const KernelTable& k, ThreadPool& pool, float* y) {
      std::copy(residual.begin(), residual.end(), y);
      k.linear(pool, {.x = x.data(), .rows = s.rows, .w = w.view(), .epilogue = {.residual = y}, .y = y});
    });
  }
}

// A row's bits depend neither on its place nor on the other rows.
TEST_P(LinearTest, rowOfAnotherBatch_hasTheSameBits) {
  constexpr int64_t kRows = 40;
  ThreadPool pool(2);
  for (const Shape& s : {Shape{kRows, 150, 600}, Shape{kRows, 33, 45}, Shape{kRows, 16, 1000}}) {
    const Floats x = random_floats(kRows * s.inputs, 11);
    for (DType type : kTypes) {
      const Weights w = random_weights(type, s.outputs, s.inputs, 12);
      const auto product = [&](int64_t first, int64_t rows) {
        Floats y(static_cast<size_t>(rows * s.outputs));
        kernels().linear(pool, {.x = x.data() + first * s.inputs, .rows = rows, .w = w.view(), .epilogue = {}, .y = y.data()});
        return y;
      };
      const Floats all = product(0, kRows);
      for (int64_t rows : {1, 2, 3, 5, 7, 8, 9, 13, 23, 33}) {
        const Floats y = product(5, rows);
        EXPECT_EQ(0, std::memcmp(y.data(), all.data() + 5 * s.outputs, y.size() * sizeof(float))) << text(s, type) << ": " << rows << " rows";
      }
    }
  }
}

TEST_P(LinearTest, weightAtAnyAddress_isReadUnaligned) {
  constexpr int64_t kRows = 3, kOutputs = 21, kInputs = 35;
  const Floats x = random_floats(10 * kInputs, 13);
  for (DType type : kTypes) {
    const Weights w = random_weights(type, kOutputs, kInputs, 14);
    const size_t element = static_cast<size_t>(dtype_bytes(type, 1));
    std::vector<unsigned char> moved(w.bytes.size() + 64);
    for (int64_t rows : {kRows, int64_t{10}})
      for (size_t shift : {element, 3 * element}) {
        std::memcpy(moved.data() + shift, w.bytes.data(), w.bytes.size());
        const Weight view{moved.data() + shift, type, kOutputs, kInputs};
        compare(rows * kOutputs, 1e-12, name_of(type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
          k.linear(pool, {.x = x.data(), .rows = rows, .w = view, .epilogue = {}, .y = y});
        });
      }
  }
}

TEST_P(LinearTest, noRows_writesNothing) {
  const Weights w = random_weights(DType::kF32, 4, 4, 15);
  ThreadPool pool(2);
  float y = 7;
  kernels().linear(pool, {.x = &y, .rows = 0, .w = w.view(), .epilogue = {}, .y = &y});
  EXPECT_EQ(7, y);
}

TEST_P(LinearTest, embed_isExact) {
  for (DType type : kTypes) {
    for (int64_t cols : {1, 15, 16, 33, 768}) {
      const Weights table = random_weights(type, 50, cols, 16);
      const std::vector<int32_t> ids = {49, 0, 3, 3, 17, 49, 1};
      const int64_t count = static_cast<int64_t>(ids.size());
      compare(count * cols, 0, name_of(type), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.embed(pool, {.table = table.view(), .ids = ids.data(), .count = count, .y = y});
      });
    }
  }
}

}  // namespace
}  // namespace gpa::test
