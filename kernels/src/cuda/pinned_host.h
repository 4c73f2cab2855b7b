// The host's side of a GPU's queue: threads as on a CPU, and memory that is pinned, so that the GPU writes results where they are read.
#pragma once
#include <map>
#include <mutex>

#include "cuda/device.h"
#include "gpa/kernels/thread_pool.h"

namespace gpa::cuda {

// Allocating is thread-safe. Pinning and unpinning wait for the GPU: what is released is kept for the next who asks, up to a bound.
class PinnedHost final : public ThreadPool {
 public:
  PinnedHost(const CudaDevice& device, int threads) : ThreadPool(threads), device_(device) {}
  ~PinnedHost() override;

  void* allocate(size_t bytes) override;
  void release(void* memory) noexcept override;

  // Whether the bytes lie in memory of allocate().
  bool holds(const void* data, size_t bytes) const;

 private:
  void forget_kept() noexcept;

  const CudaDevice& device_;
  mutable std::mutex mutex_;
  std::map<const char*, size_t> used_;   // sizes by address
  std::multimap<size_t, char*> kept_;    // addresses by size
  size_t kept_bytes_ = 0;
};

}  // namespace gpa::cuda
