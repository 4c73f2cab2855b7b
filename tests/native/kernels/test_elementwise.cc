// activate, affine, mean_rows, nearest against the reference.
#include "kernels/support.h"

namespace gpa::test {
namespace {

class ElementwiseTest : public KernelTest {};
GPA_FOR_EACH_TABLE(ElementwiseTest);

constexpr int64_t kCols[] = {1, 3, 7, 17, 31, 33, 63, 127, 129};
constexpr int64_t kRows[] = {1, 5, 260};
constexpr Activation kActivations[] = {Activation::kNone, Activation::kGelu,    Activation::kRelu,
                                       Activation::kSilu, Activation::kSigmoid, Activation::kTanh};

TEST_P(ElementwiseTest, activate_matchesReference) {
  for (int64_t count : {1, 3, 17, 1000, 40001}) {
    const Floats x = random_floats(count, 4, 3.0f);
    for (Activation activation : kActivations) {
      compare(count, 1e-13, std::to_string(count), [&](const KernelTable& k, ThreadPool& pool, float* y) {
        std::copy(x.begin(), x.end(), y);
        k.activate(pool, {.x = y, .count = count, .activation = activation, .y = y});
      });
    }
  }
}

TEST_P(ElementwiseTest, affine_matchesReference) {
  for (int64_t cols : kCols) {
    for (int64_t rows : kRows) {
      const Floats x = random_floats(rows * cols, 5), add = random_floats(rows * cols, 6);
      const Floats scale = random_floats(cols, 7), shift = random_floats(cols, 8);
      for (int parts = 0; parts < 8; ++parts) {
        compare(rows * cols, 1e-13, std::to_string(cols), [&](const KernelTable& k, ThreadPool& pool, float* y) {
          k.affine(pool, {.x = x.data(),
                          .rows = rows,
                          .cols = cols,
                          .scale = parts & 1 ? scale.data() : nullptr,
                          .shift = parts & 2 ? shift.data() : nullptr,
                          .add = parts & 4 ? add.data() : nullptr,
                          .y = y});
        });
      }
    }
  }
}

TEST_P(ElementwiseTest, meanRows_matchesReference) {
  for (int64_t cols : kCols) {
    for (int64_t rows : {1, 4, 7, 901}) {
      for (int64_t window : {int64_t{1}, int64_t{4}, rows, rows + 5}) {
        const Floats x = random_floats(rows * cols, 9, 1.0f, 1.0f);
        compare((rows + window - 1) / window * cols, 1e-12, std::to_string(rows) + "/" + std::to_string(window),
                [&](const KernelTable& k, ThreadPool& pool, float* y) {
                  k.mean_rows(pool, {.x = x.data(), .rows = rows, .cols = cols, .window = window, .y = y});
                });
      }
    }
  }
}

struct Found {
  std::vector<int32_t> ids;
  Floats margin;
};

Found find(const KernelTable& k, int threads, const Floats& x, int64_t rows, int64_t cols, const Floats& codes, Metric metric) {
  ThreadPool pool(threads);
  Found found{std::vector<int32_t>(static_cast<size_t>(rows), -1), Floats(static_cast<size_t>(rows), NAN)};
  k.nearest(pool, {.x = x.data(),
                   .rows = rows,
                   .cols = cols,
                   .codes = codes.data(),
                   .code_count = static_cast<int64_t>(codes.size()) / cols,
                   .metric = metric,
                   .ids = found.ids.data(),
                   .margin = found.margin.data()});
  return found;
}

TEST_P(ElementwiseTest, nearest_matchesReference) {
  for (Metric metric : {Metric::kEuclidean, Metric::kCosine}) {
    for (int64_t cols : {1, 8, 33, 129}) {
      for (int64_t rows : {1, 3, 7, 66, 140}) {
        for (int64_t count : {1, 2, 5, 130}) {
          const Floats x = random_floats(rows * cols, 10), codes = random_floats(count * cols, 11);
          const Found want = find(reference(), 1, x, rows, cols, codes, metric);
          for (int threads : kThreadCounts) {
            const Found got = find(kernels(), threads, x, rows, cols, codes, metric);
            for (size_t r = 0; r < want.ids.size(); ++r) {
              if (count == 1) {
                EXPECT_EQ(INFINITY, got.margin[r]);
              } else {
                EXPECT_NEAR(want.margin[r], got.margin[r], 1e-5 * static_cast<double>(cols + 1));
              }
              if (want.margin[r] > 1e-4f) {
                EXPECT_EQ(want.ids[r], got.ids[r]) << r << " of " << rows;
              }
            }
          }
        }
      }
    }
  }
}

TEST_P(ElementwiseTest, nearest_ties_givesLowestId) {
  const int64_t cols = 5, count = 23;
  const Floats code = random_floats(cols, 12);
  Floats codes;
  for (int64_t n = 0; n < count; ++n) codes.insert(codes.end(), code.begin(), code.end());
  for (int64_t i = 0; i < cols; ++i) codes[static_cast<size_t>(i)] = -code[static_cast<size_t>(i)];
  for (Metric metric : {Metric::kEuclidean, Metric::kCosine}) {
    const Found found = find(kernels(), 2, code, 1, cols, codes, metric);
    EXPECT_EQ(1, found.ids[0]);
    EXPECT_EQ(0.0f, found.margin[0]);
  }
}

TEST_P(ElementwiseTest, nearest_zeroVector_isFinite) {
  const Floats x(8, 0.0f), codes = random_floats(8 * 9, 13);
  const Found found = find(kernels(), 1, x, 1, 8, codes, Metric::kCosine);
  EXPECT_EQ(0, found.ids[0]);
  EXPECT_EQ(0.0f, found.margin[0]);
}

}  // namespace
}  // namespace gpa::test
