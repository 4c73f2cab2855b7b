// The threads that the CPU's kernels run on. No STL in this header: it is included by code compiled for one ISA.
#pragma once
#include "gpa/kernels/packed_weights.h"
#include "gpa/kernels/queue.h"

namespace gpa {

// A fixed set of threads, and as such the CPU's queue; the caller of run() is one of them. One run() at a time (callers serialise).
class ThreadPool : public Queue {
 public:
  using Task = void (*)(void* arg, int part, int thread);

  // threads >= 1. The pool starts threads - 1 of its own and joins them when destroyed.
  explicit ThreadPool(int threads);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;

  // Calls task(arg, part, thread) once for each part in [0, parts), on any thread, and returns when all are
  // done. Parts are handed out dynamically; a part's result must not depend on the thread that runs it.
  void run(int parts, Task task, void* arg);

  // Ops find weights in `packed` (of their own table), which must outlive their calls; null: in none.
  void use(const PackedWeights* packed);
  PackedRows packed_rows(const void* data) const;

  // 64-byte aligned memory of one thread, at least `bytes` long, reused by the next call for that thread.
  // Only to be asked for by the running part's own thread; contents are undefined.
  void* scratch(int thread, size_t bytes);

  // The same for the caller of run(), to be read by all threads of the runs that follow.
  void* shared(size_t bytes);

  void* allocate(size_t bytes) override;
  void release(void* memory) noexcept override;
  bool on_host() const override { return true; }
  void upload(void* to, const void* from, size_t bytes) override;
  void download(void* to, const void* from, size_t bytes) override;
  void copy(void* to, size_t to_stride, const void* from, size_t from_stride, size_t bytes, size_t rows) override;
  void wait() override {}
  ThreadPool& host() override { return *this; }

 private:
  struct State;
  State* state_;
};

}  // namespace gpa
