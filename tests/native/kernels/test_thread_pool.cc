// ThreadPool: every part once, scratch per thread, exceptions, many runs.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "gpa/kernels/thread_pool.h"
#include "kernels/support.h"

namespace gpa::test {
namespace {

struct Counts {
  explicit Counts(int parts) : runs(static_cast<size_t>(parts)) {}
  std::vector<std::atomic<int>> runs;
  std::atomic<int> largest_thread{-1};
  int wait_micros = 0;

  static void run(void* arg, int part, int thread) {
    auto& counts = *static_cast<Counts*>(arg);
    if (counts.wait_micros) std::this_thread::sleep_for(std::chrono::microseconds(counts.wait_micros));
    counts.runs[static_cast<size_t>(part)].fetch_add(1);
    int seen = counts.largest_thread.load();
    while (seen < thread && !counts.largest_thread.compare_exchange_weak(seen, thread)) {
    }
  }
  void expect_once() const {
    for (size_t i = 0; i < runs.size(); ++i) ASSERT_EQ(1, runs[i].load()) << "part " << i;
  }
};

TEST(ThreadPool, anyPartsAndThreads_runsEachOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(threads, pool.threads());
    for (int parts : {0, 1, 2, 3, 7, 64, 1000}) {
      Counts counts(parts);
      pool.run(parts, Counts::run, &counts);
      counts.expect_once();
      EXPECT_LT(counts.largest_thread.load(), threads);
    }
  }
}

TEST(ThreadPool, manyShortRuns_neverLoseAPart) {
  ThreadPool pool(4);
  for (int i = 0; i < 20000; ++i) {
    Counts counts(1 + i % 9);
    pool.run(1 + i % 9, Counts::run, &counts);
    counts.expect_once();
  }
}

// Long enough between and within runs that workers and the caller sleep.
TEST(ThreadPool, sleepingThreads_wakeUp) {
  ThreadPool pool(3);
  for (int i = 0; i < 200; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(i % 4 * 50));
    Counts counts(5);
    counts.wait_micros = i % 3 * 100;
    pool.run(5, Counts::run, &counts);
    counts.expect_once();
  }
}

TEST(ThreadPool, createdAndDestroyed_joins) {
  for (int i = 0; i < 200; ++i) {
    ThreadPool pool(1 + i % 5);
    Counts counts(3);
    if (i % 2) {
      pool.run(3, Counts::run, &counts);
      counts.expect_once();
    }
  }
}

TEST(ThreadPool, lessThanOneThread_isOne) {
  ThreadPool pool(0);
  EXPECT_EQ(1, pool.threads());
}

TEST(ThreadPool, failingPart_throwsToCallerAfterAllRan) {
  for (int threads : {2, 4}) {
    ThreadPool pool(threads);
    std::atomic<int> ran{0};
    const auto task = [](void* arg, int part, int) {
      static_cast<std::atomic<int>*>(arg)->fetch_add(1);
      if (part == 3) throw std::runtime_error("part 3");
    };
    EXPECT_THROW(pool.run(10, task, &ran), std::runtime_error);
    EXPECT_EQ(10, ran.load());
    Counts counts(10);
    pool.run(10, Counts::run, &counts);
    counts.expect_once();
  }
}

TEST(ThreadPool, scratch_isAlignedOwnAndGrows) {
  struct Context {
    ThreadPool pool{3};
    std::atomic<int> failures{0};
  } context;
  for (size_t bytes : {size_t{1}, size_t{100}, size_t{4096}, size_t{64}, size_t{1} << 20}) {
    struct Call {
      Context& context;
      size_t bytes;
    } call{context, bytes};
    const auto task = [](void* arg, int part, int thread) {
      auto& [context, bytes] = *static_cast<Call*>(arg);
      auto* memory = static_cast<unsigned char*>(context.pool.scratch(thread, bytes));
      const auto mark = static_cast<unsigned char>(part + 1);
      bool good = reinterpret_cast<uintptr_t>(memory) % 64 == 0;
      std::memset(memory, mark, bytes);
      std::this_thread::yield();
      for (size_t i = 0; i < bytes; ++i) good = good && memory[i] == mark;
      if (!good) context.failures.fetch_add(1);
    };
    context.pool.run(50, task, &call);
    EXPECT_EQ(0, context.failures.load()) << bytes;
  }
  void* first = context.pool.scratch(0, 1000);
  EXPECT_EQ(first, context.pool.scratch(0, 10));
}

}  // namespace
}  // namespace gpa::test
