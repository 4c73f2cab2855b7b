#include "gpa/kernels/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

namespace gpa {
namespace {

constexpr size_t kAlignment = 64;
constexpr auto kSpin = std::chrono::microseconds(20);

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// True as soon as ready() is, false when it is not within kSpin.
template <class Ready>
bool spin_until(Ready ready) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return ready();
}

struct alignas(kAlignment) Scratch {
  void* memory = nullptr;
  size_t bytes = 0;

  Scratch() = default;
  Scratch(const Scratch&) = delete;
  ~Scratch() { std::free(memory); }

  void* reserve(size_t wanted) {
    if (bytes >= wanted) return memory;
    std::free(memory);
    memory = nullptr;
    bytes = 0;
    const size_t grown = (wanted + wanted / 4 + kAlignment - 1) / kAlignment * kAlignment;
    memory = std::aligned_alloc(kAlignment, grown);
    if (!memory) throw std::bad_alloc();
    bytes = grown;
    return memory;
  }
};

}  // namespace

struct ThreadPool::State {
  explicit State(int threads) : scratch(threads) {}

  // The job's generation (upper half) and next unclaimed part (lower half) are one word: a thread that wakes
  // up late cannot claim a part of a job whose task it has not read.
  alignas(kAlignment) std::atomic<uint64_t> claim{0};
  alignas(kAlignment) std::atomic<int> done{0};
  alignas(kAlignment) std::atomic<Task> task{nullptr};
  std::atomic<void*> arg{nullptr};
  std::atomic<int> parts{0};
  std::atomic<bool> stop{false};

  std::mutex mutex;
  std::condition_variable work, finished;
  std::atomic<int> sleepers{0};
  std::atomic<bool> caller_sleeps{false};
  std::exception_ptr failure;  // guarded by mutex

  std::vector<Scratch> scratch;
  Scratch shared;
  const PackedWeights* packed = nullptr;
  std::vector<std::thread> workers;

  uint32_t generation() const { return static_cast<uint32_t>(claim.load() >> 32); }

  void work_on(uint32_t job, int thread) {
    const Task run_part = task.load();
    void* const run_arg = arg.load();
    const int count = parts.load();
    for (uint64_t seen = claim.load();;) {
      const auto part = static_cast<uint32_t>(seen);
      if (static_cast<uint32_t>(seen >> 32) != job || part >= static_cast<uint32_t>(count)) return;
      if (!claim.compare_exchange_weak(seen, seen + 1)) continue;
      try {
        run_part(run_arg, static_cast<int>(part), thread);
      } catch (...) {
        std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
      if (done.fetch_add(1) + 1 == count && caller_sleeps.load()) {
        std::lock_guard lock(mutex);
        finished.notify_one();
      }
      seen = claim.load();
    }
  }

  void join() {
    {
      std::lock_guard lock(mutex);
      stop.store(true);
    }
    work.notify_all();
    for (auto& worker : workers) worker.join();
  }

  void worker(int thread) {
    uint32_t seen = 0;
    const auto ready = [&] { return generation() != seen || stop.load(); };
    for (;;) {
      if (!spin_until(ready)) {
        std::unique_lock lock(mutex);
        sleepers.fetch_add(1);
        work.wait(lock, ready);
        sleepers.fetch_sub(1);
      }
      if (stop.load()) return;
      seen = generation();
      work_on(seen, thread);
    }
  }
};

ThreadPool::ThreadPool(int threads) : state_(new State(threads < 1 ? 1 : threads)) {
  try {
    for (int thread = 1; thread < threads; ++thread)
      state_->workers.emplace_back([state = state_, thread] { state->worker(thread); });
  } catch (...) {
    state_->join();
    delete state_;
    throw;
  }
}

ThreadPool::~ThreadPool() {
  state_->join();
  delete state_;
}

int ThreadPool::threads() const { return static_cast<int>(state_->scratch.size()); }

void ThreadPool::run(int parts, Task task, void* arg) {
  if (parts <= 0) return;
  State& state = *state_;
  if (parts == 1 || state.workers.empty()) {
    for (int part = 0; part < parts; ++part) task(arg, part, 0);
    return;
  }
  // Nothing of the last job may be claimed while its fields are being replaced.
  const uint32_t job = state.generation() + 1;
  state.claim.store(static_cast<uint64_t>(job - 1) << 32 | UINT32_MAX);
  state.task.store(task);
  state.arg.store(arg);
  state.parts.store(parts);
  state.done.store(0);
  state.claim.store(static_cast<uint64_t>(job) << 32);
  if (state.sleepers.load() > 0) {
    std::lock_guard lock(state.mutex);
    state.work.notify_all();
  }
  state.work_on(job, 0);

  const auto all_done = [&] { return state.done.load() == parts; };
  if (!spin_until(all_done)) {
    std::unique_lock lock(state.mutex);
    state.caller_sleeps.store(true);
    state.finished.wait(lock, all_done);
    state.caller_sleeps.store(false);
  }
  std::exception_ptr failure;
  {
    std::lock_guard lock(state.mutex);
    failure = std::exchange(state.failure, nullptr);
  }
  if (failure) std::rethrow_exception(failure);
}

void ThreadPool::use(const PackedWeights* packed) { state_->packed = packed; }

PackedRows ThreadPool::packed_rows(const void* data) const { return state_->packed ? state_->packed->find(data) : PackedRows{nullptr, 0}; }

void* ThreadPool::scratch(int thread, size_t bytes) {
  assert(thread >= 0 && thread < threads());
  return state_->scratch[thread].reserve(bytes);
}

void* ThreadPool::shared(size_t bytes) { return state_->shared.reserve(bytes); }

void* ThreadPool::allocate(size_t bytes) {
  void* memory = std::aligned_alloc(kAlignment, (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment);
  if (!memory) throw std::bad_alloc();
  return memory;
}

void ThreadPool::release(void* memory) noexcept { std::free(memory); }

void ThreadPool::upload(void* to, const void* from, size_t bytes) { std::memcpy(to, from, bytes); }

void ThreadPool::download(void* to, const void* from, size_t bytes) { std::memcpy(to, from, bytes); }

void ThreadPool::copy(void* to, size_t to_stride, const void* from, size_t from_stride, size_t bytes, size_t rows) {
  if (bytes == 0 || rows == 0) return;
  if (bytes == to_stride && bytes == from_stride) {
    bytes *= rows;
    rows = 1;
  }
  for (size_t r = 0; r < rows; ++r) std::memcpy(static_cast<char*>(to) + r * to_stride, static_cast<const char*>(from) + r * from_stride, bytes);
}

}  // namespace gpa
