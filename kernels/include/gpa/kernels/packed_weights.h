// Copies of weights in the order in which the products of one table read them (KernelTable::pack): a model's decoder is packed once,
// when its first engine on the CPU opens. No STL in this header: it is included by code compiled for one ISA.
#pragma once
#include "gpa/kernels/types.h"

namespace gpa {

struct KernelTable;
class ThreadPool;

// Where a row of a matrix lies: `row` rows behind the begin of the panels; null: it was not packed.
struct PackedRows {
  const void* panels;
  int64_t row;
};

// Immutable, thread-safe.
class PackedWeights {
 public:
  // Packs `count` weights, each once, if the table packs any; those of fewer rows than a panel would only grow. Throws std::bad_alloc.
  PackedWeights(const KernelTable& kernels, ThreadPool& pool, const Weight* weights, int64_t count);
  ~PackedWeights();
  PackedWeights(const PackedWeights&) = delete;
  PackedWeights& operator=(const PackedWeights&) = delete;

  const KernelTable& kernels() const { return kernels_; }
  // data: the begin of any row of a matrix.
  PackedRows find(const void* data) const;

 private:
  struct State;
  const KernelTable& kernels_;
  State* state_;
};

}  // namespace gpa
