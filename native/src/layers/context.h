// What a network's forward pass runs on: kernels, threads, memory for activations, and an optional observer.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "gpa/gpa.h"
#include "gpa/kernels/kernel_table.h"

namespace gpa {

// Bump allocator for activations, 64-byte aligned. Blocks are kept for the next pass; not thread-safe.
class Arena {
 public:
  Matrix matrix(int64_t rows, int64_t cols);  // contents undefined; Error(OUT_OF_MEMORY) names the size
  int32_t* ints(int64_t count);

  // Frees what was allocated since it was made:  Arena::Scope scope(arena);
  class Scope {
   public:
    explicit Scope(Arena& arena) : arena_(arena), block_(arena.block_), used_(arena.used_) {}
    ~Scope() {
      arena_.block_ = block_;
      arena_.used_ = used_;
    }
    Scope(const Scope&) = delete;

   private:
    Arena& arena_;
    size_t block_, used_;
  };

 private:
  void* allocate(size_t bytes);
  struct Block {
    std::unique_ptr<char, void (*)(void*)> memory;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t block_ = 0, used_ = 0;  // position in blocks_
};

struct Context {
  const KernelTable& kernels;
  ThreadPool& pool;
  Arena& arena;
  // How activations of the audio networks enter products with weights of block types. (The decoder's are always rounded.)
  // Networks whose results are ids compute in exact(), but for the maps that bear it: docs/precision.md.
  Rounding rounding = Rounding::kNone;
  gpa_trace_fn trace_fn = nullptr;
  void* trace_user = nullptr;
  // Asked at every trace point, observer or not: true ends the pass with Error(CANCELLED).
  bool (*stop_fn)(void* user) = nullptr;
  void* stop_user = nullptr;

  // The same without rounding.
  Context exact() const {
    Context copy = *this;
    copy.rounding = Rounding::kNone;
    return copy;
  }

  // Error(CANCELLED) when stop_fn says so. For loops that trace nothing.
  void check_stop() const {
    if (stop_fn && stop_fn(stop_user)) refuse_stopped();
  }
  // Reports an intermediate result under its name in the goldens. Error(CANCELLED) when the observer says stop.
  void trace(const char* name, const Matrix& m) const {
    check_stop();
    if (trace_fn) report(name, GPA_F32, m.rows, m.cols, m.data);
  }
  void trace_ids(const char* name, const int32_t* ids, int64_t count) const {
    check_stop();
    if (trace_fn) report(name, GPA_I32, 1, count, ids);
  }

 private:
  void report(const char* name, gpa_dtype type, int64_t rows, int64_t cols, const void* data) const;
  [[noreturn]] void refuse_stopped() const;
};

}  // namespace gpa
