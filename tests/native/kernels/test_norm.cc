// layer_norm, rms_norm against the reference.
#include "kernels/support.h"

namespace gpa::test {
namespace {

class NormTest : public KernelTest {};
GPA_FOR_EACH_TABLE(NormTest);

constexpr int64_t kCols[] = {1, 3, 7, 17, 31, 33, 63, 127, 129, 768};

TEST_P(NormTest, layerNorm_matchesReference) {
  for (int64_t cols : kCols) {
    for (int parts = 0; parts < 4; ++parts) {
      const int64_t rows = 29;
      const Floats x = random_floats(rows * cols, 1, 2.0f, 0.5f), scale = random_floats(cols, 2), shift = random_floats(cols, 3);
      compare(rows * cols, 1e-12, std::to_string(cols) + " columns", [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.layer_norm(pool, {.x = x.data(),
                            .rows = rows,
                            .cols = cols,
                            .scale = parts & 1 ? scale.data() : nullptr,
                            .shift = parts & 2 ? shift.data() : nullptr,
                            .eps = 1e-5f,
                            .y = y});
      });
    }
  }
}

TEST_P(NormTest, layerNorm_largeMean_keepsPrecision) {
  const int64_t rows = 9, cols = 1024;
  const Floats x = random_floats(rows * cols, 4, 1.0f, 3000.0f);
  compare(rows * cols, 1e-11, "mean 3000", [&](const KernelTable& k, ThreadPool& pool, float* y) {
    k.layer_norm(pool, {.x = x.data(), .rows = rows, .cols = cols, .scale = nullptr, .shift = nullptr, .eps = 1e-5f, .y = y});
  });
}

TEST_P(NormTest, layerNorm_constantRow_isShift) {
  const Floats x(37, 12.25f), shift = random_floats(37, 5);
  compare(37, 0, "constant", [&](const KernelTable& k, ThreadPool& pool, float* y) {
    k.layer_norm(pool, {.x = x.data(), .rows = 1, .cols = 37, .scale = nullptr, .shift = shift.data(), .eps = 1e-6f, .y = y});
  });
}

TEST_P(NormTest, normsInPlace_matchReference) {
  const int64_t rows = 40, cols = 100;
  const Floats x = random_floats(rows * cols, 6), w = random_floats(cols, 7);
  compare(rows * cols, 1e-12, "layer norm", [&](const KernelTable& k, ThreadPool& pool, float* y) {
    std::copy(x.begin(), x.end(), y);
    k.layer_norm(pool, {.x = y, .rows = rows, .cols = cols, .scale = w.data(), .shift = nullptr, .eps = 1e-5f, .y = y});
  });
  compare(rows * cols, 1e-12, "rms norm", [&](const KernelTable& k, ThreadPool& pool, float* y) {
    std::copy(x.begin(), x.end(), y);
    k.rms_norm(pool, {.x = y, .rows = rows, .cols = cols, .w = w.data(), .eps = 1e-6f, .y = y});
  });
}

TEST_P(NormTest, rmsNorm_matchesReference) {
  for (int64_t cols : kCols) {
    for (int64_t rows : {1, 31, 700}) {
      const Floats x = random_floats(rows * cols, 8, 3.0f), w = random_floats(cols, 9);
      compare(rows * cols, 1e-12, std::to_string(cols) + " columns", [&](const KernelTable& k, ThreadPool& pool, float* y) {
        k.rms_norm(pool, {.x = x.data(), .rows = rows, .cols = cols, .w = w.data(), .eps = 1e-6f, .y = y});
      });
    }
  }
}

}  // namespace
}  // namespace gpa::test
