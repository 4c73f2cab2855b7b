// What a network's forward pass runs on: kernels, threads, memory for activations, and an optional observer.
#pragma once
#include <cstdint>
#include <vector>

#include "gpa/gpa.h"
#include "gpa/kernels/kernel_table.h"
#include "layers/buffer.h"

namespace gpa {

// Bump allocator for operands and for what the host computes beside them: one memory where the queue's operands lie on the host,
// else two. Blocks are kept for the next pass; not thread-safe. The queue must outlive it.
class Arena {
  struct Place {
    size_t block = 0, used = 0;
  };

 public:
  explicit Arena(Queue& queue) : queue_(queue), operands_{&queue}, host_{&queue.host()} {}

  Queue& queue() const { return queue_; }

  // Contents undefined; Error(OUT_OF_MEMORY) names the size.
  Matrix matrix(int64_t rows, int64_t cols) { return matrix_in(operands_, rows, cols); }
  int32_t* ints(int64_t count) { return ints_in(operands_, count); }
  void* bytes(size_t count) { return operands_.allocate(count); }
  Matrix host_matrix(int64_t rows, int64_t cols) { return matrix_in(host(), rows, cols); }
  int32_t* host_ints(int64_t count) { return ints_in(host(), count); }
  void* host_bytes(size_t count) { return host().allocate(count); }

  struct Block {
    Buffer memory;
    size_t size;
  };

  // Another one whenever the same allocations may come to lie elsewhere than before.
  int64_t generation() const { return operands_.generation; }

  // Frees what was allocated since it was made:  Arena::Scope scope(arena);
  class Scope {
   public:
    explicit Scope(Arena& arena) : arena_(arena), operands_(arena.operands_.place), host_(arena.host_.place) {}
    ~Scope();
    Scope(const Scope&) = delete;

   private:
    Arena& arena_;
    Place operands_, host_;
  };

 private:
  // Bump allocation in blocks of one queue's memory.
  struct Space {
    Queue* queue;
    Place place{};
    std::vector<Block> blocks{};
    int64_t generation = 0;

    void* allocate(size_t bytes);
  };
  Space& host() { return queue_.on_host() ? operands_ : host_; }
  static Matrix matrix_in(Space& space, int64_t rows, int64_t cols);
  static int32_t* ints_in(Space& space, int64_t count);

  Queue& queue_;
  Space operands_, host_;
};

struct Context {
  const KernelTable& kernels;
  Queue& queue;
  Arena& arena;  // of the queue
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

  // What the host made, where ops find it: the same memory, or a copy in the arena.
  Matrix upload(const Matrix& host) const;
  const int32_t* upload(const int32_t* host, int64_t count) const;
  // What ops made, where the host finds it: the same memory, or a copy in the arena, which waits for the queue.
  Matrix download(const Matrix& operand) const;
  const int32_t* download(const int32_t* operand, int64_t count) const;

  // Error(CANCELLED) when stop_fn says so. For loops that trace nothing.
  void check_stop() const {
    if (stop_fn && stop_fn(stop_user)) refuse_stopped();
  }
  // Reports an intermediate result under its name in the goldens. Error(CANCELLED) when the observer says stop.
  // m: an operand; trace_host: the host's.
  void trace(const char* name, const Matrix& m) const;
  void trace_host(const char* name, const Matrix& m) const {
    check_stop();
    if (trace_fn) report(name, GPA_F32, m.rows, m.cols, m.data);
  }
  // The host's.
  void trace_ids(const char* name, const int32_t* ids, int64_t count) const {
    check_stop();
    if (trace_fn) report(name, GPA_I32, 1, count, ids);
  }

 private:
  const void* uploaded(const void* host, size_t bytes) const;
  const void* downloaded(const void* operand, size_t bytes) const;
  void report(const char* name, gpa_dtype type, int64_t rows, int64_t cols, const void* data) const;
  [[noreturn]] void refuse_stopped() const;
};

}  // namespace gpa
