// Nearest codes of both metrics, their margins, and ties.
#include "device.h"

namespace gpa::test {
namespace {

struct Found {
  std::vector<int32_t> ids;
  Floats margins;
};

Found find(Queue& queue, const KernelTable& kernels, const Floats& x, const Floats& codes, int64_t cols, Metric metric) {
  Side side(queue, kernels);
  const int64_t rows = static_cast<int64_t>(x.size()) / cols;
  auto* ids = side.array(std::vector<int32_t>(static_cast<size_t>(rows), -7));
  float* margins = side.floats(rows);
  kernels.nearest(queue, {side.array(x), rows, cols, side.array(codes), static_cast<int64_t>(codes.size()) / cols, metric, ids, margins});
  return {side.get(ids, rows), side.get(margins, rows)};
}

Found found(const Floats& x, const Floats& codes, int64_t cols, Metric metric) {
  return find(*device().make_queue(1), device().kernels(), x, codes, cols, metric);
}

Found wanted(const Floats& x, const Floats& codes, int64_t cols, Metric metric) {
  ThreadPool pool(1);
  return find(pool, reference_kernels(), x, codes, cols, metric);
}

TEST(CudaNearest, bothMetrics_matchTheReference) {
  for (Metric metric : {Metric::kEuclidean, Metric::kCosine}) {
    for (int64_t cols : {1, 8, 33, 160}) {
      for (int64_t count : {1, 63, 300}) {
        if (cols == 1 && metric == Metric::kCosine) continue;  // all cosines are 1 or -1
        const Floats x = random_floats(37 * cols, 1), codes = random_floats(count * cols, 2);
        const Found want = wanted(x, codes, cols, metric), got = found(x, codes, cols, metric);
        for (size_t r = 0; r < 37; ++r) {
          if (count > 1 && want.margins[r] < 1e-5f) continue;  // too close to call in f32
          EXPECT_EQ(want.ids[r], got.ids[r]) << "row " << r << " of " << cols << " columns, " << count << " codes";
          if (count == 1) continue;
          EXPECT_NEAR(want.margins[r], got.margins[r], 1e-4f * static_cast<float>(cols));
        }
      }
    }
  }
}

TEST(CudaNearest, tie_takesTheLowestCode) {
  Floats codes = random_floats(200 * 8, 2, 1.0f, 5.0f);
  const Floats x(codes.begin() + 70 * 8, codes.begin() + 71 * 8);
  for (int64_t twin : {71, 150, 199}) std::copy(x.begin(), x.end(), codes.begin() + twin * 8);
  for (Metric metric : {Metric::kEuclidean, Metric::kCosine}) {
    const Found got = found(x, codes, 8, metric);
    EXPECT_EQ(70, got.ids[0]);
    EXPECT_EQ(0.0f, got.margins[0]);
  }
}

TEST(CudaNearest, rowOfZerosOrNan_hasAnId) {
  const Floats codes = random_floats(70 * 4, 1);
  EXPECT_EQ(0, found({0, 0, 0, 0}, codes, 4, Metric::kCosine).ids[0]);
  EXPECT_EQ(0, found({NAN, 0, 0, 0}, codes, 4, Metric::kEuclidean).ids[0]);
}

TEST(CudaNearest, row_inAnyCompany_hasTheSameBits) {
  const Floats x = random_floats(70 * 24, 1), codes = random_floats(130 * 24, 2);
  const Found all = found(x, codes, 24, Metric::kEuclidean);
  for (int64_t row : {0, 31, 69}) {
    const Found one = found({x.begin() + row * 24, x.begin() + (row + 1) * 24}, codes, 24, Metric::kEuclidean);
    EXPECT_EQ(all.ids[static_cast<size_t>(row)], one.ids[0]);
    EXPECT_EQ(all.margins[static_cast<size_t>(row)], one.margins[0]);
  }
}

}  // namespace
}  // namespace gpa::test
