// Packed weights: products have the bits of those with the file's rows.
#include "gpa/kernels/packed_weights.h"

#include <memory>

#include "kernels/product_shape.h"

namespace gpa::test {
namespace {

class PackedTest : public KernelTest {
 protected:
  // A product of both layers at once, with rows of the matrices from `first` on, as all heads and layers are computed.
  Floats products(ThreadPool& pool, const Floats& x, int64_t rows, const Weight& a, const Weight& b, const Floats& bias) const {
    Floats y(static_cast<size_t>(rows * (a.rows + b.rows)));
    const LinearArgs maps[] = {
        {.x = x.data(), .rows = rows, .w = a, .epilogue = {.bias = bias.data()}, .y = y.data(), .rounding = Rounding::kInt8},
        {.x = x.data(), .rows = rows, .w = b, .epilogue = {}, .y = y.data() + rows * a.rows, .rounding = Rounding::kInt8}};
    kernels().linears(pool, maps, 2);
    return y;
  }
};
GPA_FOR_EACH_TABLE(PackedTest);

std::vector<DType> all_types() {
  std::vector<DType> types(std::begin(kBlockTypes), std::end(kBlockTypes));
  types.insert(types.end(), std::begin(kTypes), std::end(kTypes));
  return types;
}

TEST_P(PackedTest, productsOfAnyRows_haveTheSameBits) {
  constexpr int64_t kOutputs = 150, kInputs = 768;
  const Floats x = random_floats(25 * kInputs, 1), bias = random_floats(kOutputs, 2);
  for (DType type : all_types()) {
    const Weights a = random_weights(type, kOutputs, kInputs, 3), b = random_weights(type, 21, kInputs, 4);
    for (int threads : {1, 3}) {
      ThreadPool stored(threads), pool(threads);
      const Weight weights[] = {a.view(), b.view(), a.view()};
      const PackedWeights packed(kernels(), pool, weights, 3);
      pool.use(&packed);
      for (int64_t rows : {1, 2, 3, 5, 7, 8, 9, 16, 25}) {
        for (const auto& [first, count] : {std::pair<int64_t, int64_t>{0, kOutputs}, {0, 16}, {1, 149}, {7, 2}, {13, 100}, {17, 1}, {31, 2}, {65, 64}, {148, 2}}) {
          const Weight some = a.view().slice_rows(first, count);
          const Floats want = products(stored, x, rows, some, b.view(), bias), got = products(pool, x, rows, some, b.view(), bias);
          EXPECT_EQ(0, std::memcmp(want.data(), got.data(), want.size() * sizeof(float)))
              << name_of(type) << ": outputs " << first << " ... " << first + count << " of " << rows << " rows, " << threads << " threads";
        }
      }
    }
  }
}

// Columns that are no multiple of sixteen bytes, and rows that end within the last panel.
TEST_P(PackedTest, oddExtents_haveTheSameBits) {
  for (DType type : kTypes) {
    for (const Shape& s : {Shape{1, 5, 3}, Shape{2, 63, 17}, Shape{3, 130, 301}, Shape{9, 70, 513}}) {
      const Floats x = random_floats(s.rows * s.inputs, 9), bias = random_floats(s.outputs, 10);
      const Weights w = random_weights(type, s.outputs, s.inputs, 11), other = random_weights(type, 1, s.inputs, 12);
      ThreadPool stored(2), pool(2);
      const Weight weights[] = {w.view(), other.view()};
      const PackedWeights packed(kernels(), pool, weights, 2);
      pool.use(&packed);
      const Floats want = products(stored, x, s.rows, w.view(), other.view(), bias), got = products(pool, x, s.rows, w.view(), other.view(), bias);
      EXPECT_EQ(0, std::memcmp(want.data(), got.data(), want.size() * sizeof(float))) << text(s, type);
    }
  }
}

// Whoever reads the same matrix otherwise reads the file's rows.
TEST_P(PackedTest, otherOps_haveTheSameBits) {
  constexpr int64_t kOutputs = 50, kInputs = 512;
  const Floats x = random_floats(3 * kInputs, 5);
  const int32_t ids[] = {49, 0, 33};
  for (DType type : all_types()) {
    const Weights w = random_weights(type, kOutputs, kInputs, 6);
    const auto made = [&](ThreadPool& pool) {
      Floats y(static_cast<size_t>(3 * (kOutputs + kInputs)));
      kernels().linear(pool, {.x = x.data(), .rows = 3, .w = w.view(), .epilogue = {}, .y = y.data()});
      kernels().embed(pool, {w.view(), ids, 3, y.data() + 3 * kOutputs});
      return y;
    };
    ThreadPool stored(2), pool(2);
    const Weight view = w.view();
    const PackedWeights packed(kernels(), pool, &view, 1);
    pool.use(&packed);
    const Floats want = made(stored), got = made(pool);
    EXPECT_EQ(0, std::memcmp(want.data(), got.data(), want.size() * sizeof(float))) << name_of(type);
  }
}

TEST_P(PackedTest, findsRowsOfWhatWasPacked) {
  const Weights a = random_weights(DType::kQ8_0, 40, 64, 7), b = random_weights(DType::kF16, 40, 64, 8);
  ThreadPool pool(1);
  const Weight view = a.view();
  const PackedWeights packed(kernels(), pool, &view, 1);
  EXPECT_EQ(nullptr, packed.find(b.bytes.data()).panels);
  EXPECT_EQ(nullptr, packed.find(a.bytes.data() + a.bytes.size()).panels);
  EXPECT_EQ(nullptr, packed.find(a.bytes.data() - 1).panels);
  EXPECT_EQ(nullptr, packed.find(nullptr).panels);
  if (!kernels().pack) return;
  EXPECT_EQ(packed.find(a.bytes.data()).panels, packed.find(a.view().slice_rows(39, 1).data).panels);
  EXPECT_NE(nullptr, packed.find(a.bytes.data()).panels);
  EXPECT_EQ(39, packed.find(a.view().slice_rows(39, 1).data).row);
}

}  // namespace
}  // namespace gpa::test
