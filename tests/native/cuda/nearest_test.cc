// Nearest codes of both metrics, their margins, and ties.
#include "cuda/operands.h"

namespace gpa::test {
namespace {

class CudaNearestTest : public OperandTest {
 protected:
  struct Found {
    std::vector<int32_t> ids;
    Floats margins;
  };
  Found run(const Floats& x, const Floats& codes, int64_t cols, Metric metric) {
    const auto rows = static_cast<size_t>(static_cast<int64_t>(x.size()) / cols);
    const NearestArgs args{put(x), static_cast<int64_t>(rows), cols, put(codes), static_cast<int64_t>(codes.size()) / cols, metric,
                           room<int32_t>(rows), room<float>(rows)};
    kernels_.nearest(*queue_, args);
    return {get(args.ids, rows), get(args.margin, rows)};
  }
  Found want(const Floats& x, const Floats& codes, int64_t cols, Metric metric) {
    const auto rows = static_cast<size_t>(static_cast<int64_t>(x.size()) / cols);
    Found out{std::vector<int32_t>(rows), Floats(rows)};
    reference_kernels().nearest(host_, {x.data(), static_cast<int64_t>(rows), cols, codes.data(), static_cast<int64_t>(codes.size()) / cols, metric,
                                        out.ids.data(), out.margins.data()});
    return out;
  }
};

TEST_F(CudaNearestTest, bothMetrics_matchReference) {
  for (Metric metric : {Metric::kEuclidean, Metric::kCosine}) {
    for (int64_t cols : {1, 8, 33, 160}) {
      for (int64_t count : {1, 63, 300}) {
        if (cols == 1 && metric == Metric::kCosine) continue;  // all cosines are 1 or -1
        const Floats x = random_floats(37 * cols, 1), codes = random_floats(count * cols, 2);
        const Found expected = want(x, codes, cols, metric), found = run(x, codes, cols, metric);
        for (size_t r = 0; r < 37; ++r) {
          if (count > 1 && expected.margins[r] < 1e-5f) continue;  // too close to call in f32
          EXPECT_EQ(expected.ids[r], found.ids[r]) << "row " << r << " of " << cols << " columns, " << count << " codes";
          if (count > 1) {
            EXPECT_NEAR(expected.margins[r], found.margins[r], 1e-4f * static_cast<float>(cols));
          }
        }
      }
    }
  }
}

TEST_F(CudaNearestTest, tie_takesLowestCode) {
  Floats codes = random_floats(200 * 8, 2, 1.0f, 5.0f);
  const Floats x(codes.begin() + 70 * 8, codes.begin() + 71 * 8);
  for (int64_t twin : {71, 150, 199}) std::copy(x.begin(), x.end(), codes.begin() + twin * 8);
  for (Metric metric : {Metric::kEuclidean, Metric::kCosine}) {
    const Found found = run(x, codes, 8, metric);
    EXPECT_EQ(70, found.ids[0]);
    EXPECT_EQ(0.0f, found.margins[0]);
  }
}

TEST_F(CudaNearestTest, rowOfZerosOrNan_hasAnId) {
  const Floats codes = random_floats(70 * 4, 1);
  EXPECT_EQ(0, run({0, 0, 0, 0}, codes, 4, Metric::kCosine).ids[0]);
  EXPECT_EQ(0, run({NAN, 0, 0, 0}, codes, 4, Metric::kEuclidean).ids[0]);
}

TEST_F(CudaNearestTest, row_inAnyCompany_hasSameBits) {
  const Floats x = random_floats(70 * 24, 1), codes = random_floats(130 * 24, 2);
  const Found all = run(x, codes, 24, Metric::kEuclidean);
  for (int64_t first : {0, 31, 69}) {
    const Found one = run({x.begin() + first * 24, x.begin() + (first + 1) * 24}, codes, 24, Metric::kEuclidean);
    EXPECT_EQ(all.ids[static_cast<size_t>(first)], one.ids[0]);
    expect_same(&all.margins[static_cast<size_t>(first)], one.margins.data(), 1, "margin");
  }
}

}  // namespace
}  // namespace gpa::test
