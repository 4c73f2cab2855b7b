// What is kept of prompts, how it shrinks, and when it is given back.
#include "engine/prefix_cache.h"

#include <memory>
#include <numeric>

#include "engine/support.h"
#include "gpa/kernels/thread_pool.h"

namespace gpa::test {
namespace {

constexpr KvShape kShape{1, 1, 2, DType::kF32};

std::vector<int32_t> prompt(int64_t length, int32_t first = 0) {
  std::vector<int32_t> ids(static_cast<size_t>(length));
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

std::vector<int32_t> with_end(std::vector<int32_t> ids, int64_t length, int32_t end) {
  ids.resize(static_cast<size_t>(length), end);
  return ids;
}

class Prefixes : public testing::Test {
 protected:
  void read(PrefixCache& cache, const std::vector<int32_t>& ids) {
    KvSequence sequence(pool_);
    sequence.reserve(static_cast<int64_t>(ids.size()));
    sequence.advance(static_cast<int64_t>(ids.size()));
    cache.keep(ids, sequence);
  }
  int64_t shared(PrefixCache& cache, const std::vector<int32_t>& ids) {
    KvSequence sequence(pool_);
    const int64_t tokens = cache.share(ids, sequence);
    EXPECT_EQ(tokens, sequence.length());
    return tokens;
  }

  ThreadPool queue_{1};
  KvPool pool_{queue_, kShape, 12};
};

TEST(CommonPrefix, counts_the_tokens_with_which_both_begin) {
  const std::vector<int32_t> a{1, 2, 3}, b{1, 2, 4, 5};
  EXPECT_EQ(2, common_prefix(a, b));
  EXPECT_EQ(2, common_prefix(b, a));
  EXPECT_EQ(3, common_prefix(a, a));
  EXPECT_EQ(0, common_prefix(a, {}));
}

TEST_F(Prefixes, prompt_that_begins_alike_shares_what_is_common) {
  PrefixCache cache(pool_, 4);
  EXPECT_EQ(0, shared(cache, prompt(100)));
  read(cache, prompt(100));
  EXPECT_EQ(2, cache.pages());
  EXPECT_EQ(40, shared(cache, with_end(prompt(40), 90, -1)));
  EXPECT_EQ(0, shared(cache, prompt(100, 1)));
}

TEST_F(Prefixes, last_token_is_always_computed) {
  PrefixCache cache(pool_, 4);
  read(cache, prompt(64));
  EXPECT_EQ(63, shared(cache, prompt(64)));
}

TEST_F(Prefixes, too_little_is_not_shared_nor_kept) {
  PrefixCache cache(pool_, 4);
  read(cache, prompt(kLeastShared - 1));
  EXPECT_EQ(0, cache.pages());
  read(cache, prompt(100));
  EXPECT_EQ(0, shared(cache, with_end(prompt(kLeastShared - 1), 90, -1)));
  EXPECT_EQ(kLeastShared, shared(cache, with_end(prompt(kLeastShared), 90, -1)));
}

TEST_F(Prefixes, entry_shrinks_to_what_was_shared_and_its_like_is_not_kept_again) {
  PrefixCache cache(pool_, 4);
  read(cache, prompt(150));
  EXPECT_EQ(3, cache.pages());
  const auto other = with_end(prompt(35), 150, -1);
  EXPECT_EQ(35, shared(cache, other));
  EXPECT_EQ(1, cache.pages());
  read(cache, other);
  EXPECT_EQ(1, cache.pages());
  EXPECT_EQ(35, shared(cache, prompt(150)));
}

TEST_F(Prefixes, oldest_gives_way) {
  PrefixCache cache(pool_, 2);
  read(cache, prompt(50, 1000));
  read(cache, prompt(50, 2000));
  EXPECT_EQ(49, shared(cache, prompt(50, 1000)));
  read(cache, prompt(50, 3000));
  EXPECT_EQ(2, cache.pages());
  EXPECT_EQ(0, shared(cache, prompt(50, 2000)));
  EXPECT_EQ(49, shared(cache, prompt(50, 1000)));
  EXPECT_EQ(49, shared(cache, prompt(50, 3000)));
}

TEST_F(Prefixes, long_prompt_is_kept_in_part) {
  PrefixCache cache(pool_, 2);
  read(cache, prompt(400));
  EXPECT_EQ(2, cache.pages());
  EXPECT_EQ(128, shared(cache, prompt(400)));
}

TEST_F(Prefixes, cache_without_room_keeps_nothing) {
  PrefixCache cache(pool_, 0);
  EXPECT_FALSE(cache.has_room());
  read(cache, prompt(400));
  EXPECT_EQ(0, cache.pages());
  EXPECT_EQ(0, shared(cache, prompt(400)));
}

TEST_F(Prefixes, pool_gets_its_pages_back_when_it_is_short) {
  PrefixCache cache(pool_, 4);
  read(cache, prompt(100, 1000));
  read(cache, prompt(100, 2000));
  EXPECT_EQ(4, cache.pages());
  KvSequence sequence(pool_);
  sequence.reserve(9 * kKvPageTokens);
  EXPECT_EQ(2, cache.pages());
  EXPECT_EQ(0, shared(cache, prompt(100, 1000)));
  sequence.reserve(12 * kKvPageTokens);
  EXPECT_EQ(0, cache.pages());
}

TEST_F(Prefixes, pages_live_as_long_as_anybody_holds_them) {
  KvSequence sequence(pool_);
  {
    PrefixCache cache(pool_, 4);
    read(cache, prompt(100));
    EXPECT_EQ(99, cache.share(prompt(100), sequence));
  }
  EXPECT_EQ(0, pool_.pages_free());
  EXPECT_EQ(99, sequence.length());
}

}  // namespace
}  // namespace gpa::test
