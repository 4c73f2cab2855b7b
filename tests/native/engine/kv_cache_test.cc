// The paged key/value cache: layout, page tables, pages that come back.
#include "layers/kv_cache.h"

#include <algorithm>
#include <memory>
#include <new>
#include <set>

#include "engine/support.h"
#include "gpa/kernels/thread_pool.h"

namespace gpa::test {
namespace {

constexpr KvShape kShape{3, 2, 4, DType::kF32};  // layers, heads, head_dim

ThreadPool queue(1);

float* key(const KvSequence& sequence, int64_t layer, int64_t token) { return static_cast<float*>(sequence.slot(token)) + kShape.key_offset(layer); }
float* value(const KvSequence& sequence, int64_t layer, int64_t token) { return static_cast<float*>(sequence.slot(token)) + kShape.value_offset(layer); }

TEST(KvPages, are_rounded_up) {
  EXPECT_EQ(0, kv_pages(0));
  EXPECT_EQ(1, kv_pages(1));
  EXPECT_EQ(1, kv_pages(kKvPageTokens));
  EXPECT_EQ(2, kv_pages(kKvPageTokens + 1));
}

TEST(KvPool, pages_are_made_when_needed_and_used_again) {
  KvPool pool(queue, kShape, 3);
  EXPECT_EQ(0, pool.pages_made());
  KvPage* first = pool.take();
  KvPage* second = pool.take();
  EXPECT_NE(first->memory.get(), second->memory.get());
  EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(first->memory.get()) % 64);
  EXPECT_EQ(2, pool.pages_made());
  pool.give(first);
  EXPECT_EQ(1, pool.pages_free());
  EXPECT_EQ(first, pool.take());
  EXPECT_EQ(2, pool.pages_made());
}

TEST(KvPool, more_pages_than_allowed_are_an_error) {
  KvPool pool(queue, kShape, 2);
  KvPage* page = pool.take();
  pool.take();
  expect_failure(GPA_ERROR_CAPACITY, "all 2 pages", [&] { pool.take(); });
  pool.give(page);
  EXPECT_EQ(page, pool.take());
}

// A queue whose memory ends after so many allocations.
class ShortQueue final : public Queue {
 public:
  explicit ShortQueue(int allocations) : left_(allocations) {}
  void* allocate(size_t bytes) override {
    if (left_-- <= 0) throw std::bad_alloc();
    return pool_.allocate(bytes);
  }
  void release(void* memory) noexcept override { pool_.release(memory); }
  bool on_host() const override { return true; }
  void upload(void* to, const void* from, size_t bytes) override { pool_.upload(to, from, bytes); }
  void download(void* to, const void* from, size_t bytes) override { pool_.download(to, from, bytes); }
  void copy(void* to, size_t to_stride, const void* from, size_t from_stride, size_t bytes, size_t rows) override {
    pool_.copy(to, to_stride, from, from_stride, bytes, rows);
  }
  void wait() override {}
  ThreadPool& host() override { return pool_; }

 private:
  ThreadPool pool_{1};
  int left_;
};

TEST(KvPool, without_memory_it_asks_for_pages_and_then_says_so) {
  ShortQueue queue(2);
  KvPool pool(queue, kShape, 10);
  KvPage* const first = pool.take();
  KvPage* const second = pool.take();
  expect_failure(GPA_ERROR_OUT_OF_MEMORY, "key/value cache", [&] { pool.take(); });
  int asked = 0;
  pool.on_shortage([&] {
    if (++asked > 2) return false;
    if (asked == 2) pool.give(first);  // the first answer freed a page that somebody else holds
    return true;
  });
  EXPECT_EQ(first, pool.take());
  EXPECT_EQ(2, asked);
  expect_failure(GPA_ERROR_OUT_OF_MEMORY, "key/value cache", [&] { pool.take(); });
  pool.give(second);
  EXPECT_EQ(second, pool.take());
}

TEST(KvPool, page_is_free_when_its_last_holder_gives_it) {
  KvPool pool(queue, kShape, 2);
  KvPage* page = pool.take();
  EXPECT_EQ(0, pool.pages_shared());
  pool.hold(page);
  pool.hold(page);
  EXPECT_EQ(1, pool.pages_shared());
  pool.give(page);
  EXPECT_EQ(1, pool.pages_shared());
  pool.give(page);
  EXPECT_EQ(0, pool.pages_shared());
  EXPECT_EQ(0, pool.pages_free());
  pool.give(page);
  EXPECT_EQ(1, pool.pages_free());
}

TEST(KvPool, shortage_asks_for_pages_until_there_are_none) {
  KvPool pool(queue, kShape, 2);
  std::vector<KvPage*> kept{pool.take(), pool.take()};
  pool.on_shortage([&] {
    if (kept.empty()) return false;
    pool.give(kept.back());
    kept.pop_back();
    return true;
  });
  pool.take();
  EXPECT_EQ(1u, kept.size());
  pool.take();
  expect_failure(GPA_ERROR_CAPACITY, "all 2 pages", [&] { pool.take(); });
}

// Writes something of its own into all rows of tokens [begin, end).
void fill(KvSequence& sequence, int64_t begin, int64_t end, float first) {
  for (int64_t layer = 0; layer < kShape.layers; ++layer) {
    for (int64_t token = begin; token < end; ++token) {
      for (float* row : {key(sequence, layer, token), value(sequence, layer, token)}) std::fill_n(row, kShape.width(), first + static_cast<float>(token));
    }
  }
}

void expect_filled(KvSequence& sequence, int64_t begin, int64_t end, float first) {
  for (int64_t layer = 0; layer < kShape.layers; ++layer) {
    for (int64_t token = begin; token < end; ++token) {
      for (const float* row : {key(sequence, layer, token), value(sequence, layer, token)}) {
        for (int64_t i = 0; i < kShape.width(); ++i) ASSERT_EQ(first + static_cast<float>(token), row[i]) << layer << " " << token;
      }
    }
  }
}

TEST(KvSequence, borrower_writes_into_a_copy_and_the_taker_goes_on) {
  KvPool pool(queue, kShape, 10);
  KvSequence taker(pool);
  constexpr int64_t kPrompt = kKvPageTokens + 20, kCommon = kKvPageTokens + 7, kEnd = 2 * kKvPageTokens;
  taker.reserve(kPrompt);
  fill(taker, 0, kPrompt, 1000);
  taker.advance(kPrompt);
  KvSequence borrower(pool);
  borrower.borrow(taker.pages(), kCommon);
  EXPECT_EQ(kCommon, borrower.length());
  EXPECT_EQ(2, pool.pages_made());
  EXPECT_EQ(2, pool.pages_shared());
  expect_filled(borrower, 0, kCommon, 1000);
  borrower.reserve(kEnd);
  EXPECT_EQ(3, pool.pages_made());
  EXPECT_EQ(1, pool.pages_shared()) << "the full page stays shared";
  fill(borrower, kCommon, kEnd, 5000);
  taker.reserve(kEnd);
  fill(taker, kPrompt, kEnd, 1000);
  expect_filled(taker, 0, kEnd, 1000);
  expect_filled(borrower, 0, kCommon, 1000);
  expect_filled(borrower, kCommon, kEnd, 5000);
}

TEST(KvSequence, last_holder_of_a_borrowed_page_writes_in_place) {
  KvPool pool(queue, kShape, 1);
  auto taker = std::make_unique<KvSequence>(pool);
  taker->reserve(10);
  fill(*taker, 0, 10, 7);
  taker->advance(10);
  KvSequence borrower(pool);
  borrower.borrow(taker->pages(), 10);
  taker.reset();
  borrower.reserve(20);
  EXPECT_EQ(1, pool.pages_made());
  expect_filled(borrower, 0, 10, 7);
}

TEST(KvSequence, borrowed_full_pages_are_never_copied) {
  KvPool pool(queue, kShape, 10);
  KvSequence taker(pool), borrower(pool);
  taker.reserve(kKvPageTokens);
  taker.advance(kKvPageTokens);
  borrower.borrow(taker.pages(), kKvPageTokens);
  borrower.reserve(kKvPageTokens + 1);
  EXPECT_EQ(2, pool.pages_made());
  EXPECT_EQ(taker.pages()[0], borrower.pages()[0]);
}

TEST(KvSequence, pages_go_back) {
  KvPool pool(queue, kShape, 10);
  {
    KvSequence sequence(pool);
    sequence.reserve(3 * kKvPageTokens);
    EXPECT_EQ(3, pool.pages_made());
    EXPECT_EQ(0, pool.pages_free());
  }
  EXPECT_EQ(3, pool.pages_free());
  KvSequence again(pool);
  again.reserve(2 * kKvPageTokens + 1);
  EXPECT_EQ(3, pool.pages_made());
  EXPECT_EQ(0, pool.pages_free());
}

TEST(KvSequence, reserving_less_takes_nothing) {
  KvPool pool(queue, kShape, 10);
  KvSequence sequence(pool);
  sequence.reserve(kKvPageTokens + 1);
  sequence.reserve(1);
  sequence.reserve(2 * kKvPageTokens);
  EXPECT_EQ(2, pool.pages_made());
  EXPECT_EQ(0, sequence.length());
  sequence.advance(5);
  sequence.advance(1);
  EXPECT_EQ(6, sequence.length());
}

TEST(KvSequence, failed_reservation_loses_no_page) {
  KvPool pool(queue, kShape, 3);
  auto sequence = std::make_unique<KvSequence>(pool);
  sequence->reserve(kKvPageTokens);
  sequence->advance(7);
  expect_failure(GPA_ERROR_CAPACITY, "pages", [&] { sequence->reserve(4 * kKvPageTokens); });
  EXPECT_EQ(7, sequence->length());
  sequence.reset();
  EXPECT_EQ(pool.pages_made(), pool.pages_free());
}

// Every row of every layer has a place of its own, inside the pages.
TEST(KvSequence, rows_never_overlap) {
  KvPool pool(queue, kShape, 4);
  KvSequence a(pool), b(pool);
  constexpr int64_t kTokens = kKvPageTokens + 3;
  for (KvSequence* sequence : {&a, &b}) sequence->reserve(kTokens);
  std::set<float*> rows;
  for (KvSequence* sequence : {&a, &b}) {
    for (int64_t layer = 0; layer < kShape.layers; ++layer) {
      for (int64_t token = 0; token < kTokens; ++token) {
        for (float* row : {key(*sequence, layer, token), value(*sequence, layer, token)}) {
          for (int64_t i = 0; i < kShape.width(); ++i) row[i] = 1;  // AddressSanitizer sees what lies outside
          rows.insert(row);
        }
      }
    }
  }
  EXPECT_EQ(static_cast<size_t>(2 * kShape.layers * 2 * kTokens), rows.size());
  float* before = nullptr;
  for (float* row : rows) {
    if (before) {
      EXPECT_GE(row - before, kShape.width());
    }
    before = row;
  }
}

TEST(KvShape, planes_of_f16_take_half_the_room) {
  KvShape half = kShape;
  half.type = DType::kF16;
  EXPECT_EQ(2 * half.page_bytes(), kShape.page_bytes());
  KvPool pool(queue, half, 1);
  KvSequence sequence(pool);
  sequence.reserve(2);
  EXPECT_EQ(half.width() * 2, static_cast<char*>(sequence.slot(1)) - static_cast<char*>(sequence.slot(0)));
  EXPECT_EQ(sequence.pages()[0]->memory.get(), sequence.slot(0));
}

}  // namespace
}  // namespace gpa::test
