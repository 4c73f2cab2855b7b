// Finite scalar quantisation with levels of any kind.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "error.h"
#include "layers/fsq.h"

namespace gpa::test {
namespace {

TEST(Fsq, every_id_comes_back) {
  for (const std::vector<int64_t>& levels : {std::vector<int64_t>{4, 4, 4, 4, 4, 4}, {8, 5, 3}, {2, 2}, {7}}) {
    const Fsq fsq(levels);
    std::vector<float> values(levels.size()), z(levels.size()), bounded(levels.size());
    for (int32_t id = 0; id < fsq.code_count(); ++id) {
      fsq.decode(id, values.data());
      for (size_t i = 0; i < levels.size(); ++i) {
        EXPECT_GE(values[i], -1);
        EXPECT_LE(values[i], 1);
        // The z whose bounded value is exactly the level.
        const double half = static_cast<double>(levels[i] - 1) * 1.001 / 2, offset = levels[i] % 2 == 0 ? 0.5 : 0;
        const double level = values[i] * static_cast<double>(levels[i] / 2);
        z[i] = static_cast<float>(std::atanh((level + offset) / half) - std::atanh(offset / half));
      }
      float margin = 0;
      EXPECT_EQ(fsq.encode(z.data(), bounded.data(), &margin), id);
      EXPECT_NEAR(margin, 0.5, 1e-3);
    }
  }
}

TEST(Fsq, extreme_inputs_reach_the_outermost_levels) {
  const Fsq fsq({4, 5});
  const float low[] = {-100, -100}, high[] = {100, 100};
  float bounded[2], margin;
  EXPECT_EQ(fsq.encode(low, bounded, &margin), 0);
  EXPECT_EQ(fsq.encode(high, bounded, &margin), fsq.code_count() - 1);
}

TEST(Fsq, what_is_not_finite_or_too_large_is_refused) {
  const Fsq fsq({4});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  float bounded, margin;
  EXPECT_THROW(fsq.encode(&nan, &bounded, &margin), Error);
  EXPECT_THROW(Fsq({1}), Error);
  EXPECT_THROW(Fsq({65536, 65536}), Error);
}

}  // namespace
}  // namespace gpa::test
