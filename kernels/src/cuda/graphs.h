// Work of a stream that was captured, so that it can be given again at the cost of one call.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>
#include <map>
#include <vector>

#include "cuda/device.h"

namespace gpa::cuda {

// The graphs of one queue.
class Graphs {
 public:
  using Key = std::vector<int64_t>;

  Graphs(const CudaDevice& device) : device_(device) {}
  ~Graphs() { clear(); }
  Graphs(const Graphs&) = delete;
  Graphs& operator=(const Graphs&) = delete;

  // What Queue::repeat() asks for. A key's first call runs as it is (and shows how much scratch memory its ops need), the second is
  // captured.
  void repeat(Key key, cudaStream_t stream, void (*give)(void*), void* arg);
  // Forgets all: what they were captured with has moved.
  void clear() noexcept;

 private:
  struct Entry {
    cudaGraphExec_t exec = nullptr;  // null: called once
    uint64_t used = 0;               // when it was last
  };
  static constexpr size_t kMostGraphs = 256;

  cudaGraphExec_t capture(cudaStream_t stream, void (*give)(void*), void* arg);
  void forget_oldest() noexcept;

  const CudaDevice& device_;
  std::map<Key, Entry> entries_;
  uint64_t calls_ = 0;
  uint64_t generation_ = 0;  // of clear()
};

}  // namespace gpa::cuda
