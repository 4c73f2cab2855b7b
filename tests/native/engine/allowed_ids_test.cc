// Ranges of ids as columns of logits.
#include "engine/allowed_ids.h"

#include <gtest/gtest.h>

namespace gpa::test {
namespace {

std::vector<IdRange> ranges_of(const AllowedIds& allowed) { return {allowed.ranges().begin(), allowed.ranges().end()}; }

TEST(AllowedIds, apart_ranges_are_sorted) {
  EXPECT_EQ((std::vector<IdRange>{{2, 3}, {7, 1}, {20, 5}}), ranges_of(AllowedIds({{20, 5}, {2, 3}, {7, 1}})));
}

TEST(AllowedIds, touching_and_overlapping_ranges_are_joined) {
  EXPECT_EQ((std::vector<IdRange>{{2, 5}}), ranges_of(AllowedIds({{5, 2}, {2, 3}})));
  EXPECT_EQ((std::vector<IdRange>{{2, 8}}), ranges_of(AllowedIds({{2, 6}, {5, 5}})));
  EXPECT_EQ((std::vector<IdRange>{{0, 10}}), ranges_of(AllowedIds({{0, 10}, {3, 2}, {9, 1}, {0, 1}})));
  EXPECT_EQ((std::vector<IdRange>{{4, 1}}), ranges_of(AllowedIds({{4, 1}, {4, 1}})));
}

TEST(AllowedIds, empty_and_absent_ones_are_left_out) {
  const AllowedIds allowed({{5, 0}, {-1, 1}, {8, 2}, {-3, 7}});
  EXPECT_EQ((std::vector<IdRange>{{8, 2}}), ranges_of(allowed));
  EXPECT_EQ(2, allowed.count());
  EXPECT_EQ(0, AllowedIds({}).count());
  EXPECT_EQ(-1, AllowedIds({}).column(0));
}

TEST(AllowedIds, columns_and_ids_are_each_others_inverse) {
  const AllowedIds allowed({{20, 5}, {2, 3}, {7, 1}});
  ASSERT_EQ(9, allowed.count());
  const int32_t ids[] = {2, 3, 4, 7, 20, 21, 22, 23, 24};
  for (int32_t column = 0; column < 9; ++column) {
    EXPECT_EQ(ids[column], allowed.id(column));
    EXPECT_EQ(column, allowed.column(ids[column]));
  }
  for (int32_t id : {-1, 0, 1, 5, 6, 8, 19, 25}) EXPECT_EQ(-1, allowed.column(id)) << id;
  EXPECT_EQ(-1, allowed.id(9));
}

TEST(AllowedIds, equal_when_they_allow_the_same) {
  EXPECT_TRUE(AllowedIds({{0, 4}}) == AllowedIds({{2, 2}, {0, 2}}));
  EXPECT_FALSE(AllowedIds({{0, 4}}) == AllowedIds({{0, 5}}));
}

TEST(SeenColumns, bits_of_the_allowed_ids) {
  const AllowedIds allowed({{10, 5}, {30, 40}});
  EXPECT_EQ((std::vector<uint32_t>{0, 0}), seen_columns(allowed, {}));
  const std::vector<int32_t> ids{31, 10, 31, -1, 29, 14, 10, 1 << 30, 69};
  EXPECT_EQ((std::vector<uint32_t>{1u << 6 | 1u << 0 | 1u << 4, 1u << (44 - 32)}), seen_columns(allowed, ids));
}

}  // namespace
}  // namespace gpa::test
