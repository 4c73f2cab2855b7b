// A stream of a GPU, the memory that is allocated in its order, and the pinned memory through which copies from and to other memory go.
#pragma once
#include <cuda_runtime.h>

#include "cuda/device.h"
#include "cuda/graphs.h"
#include "cuda/pinned_host.h"

namespace gpa::cuda {

class CudaQueue final : public Queue {
 public:
  CudaQueue(const CudaDevice& device, int host_threads);
  ~CudaQueue() override;
  CudaQueue(const CudaQueue&) = delete;
  CudaQueue& operator=(const CudaQueue&) = delete;

  void* allocate(size_t bytes) override;
  void release(void* memory) noexcept override;
  bool on_host() const override { return false; }
  void upload(void* to, const void* from, size_t bytes) override;
  void download(void* to, const void* from, size_t bytes) override;
  void copy(void* to, size_t to_stride, const void* from, size_t from_stride, size_t bytes, size_t rows) override;
  void wait() override;
  void repeat(const int64_t* key, int words, void (*give)(void*), void* arg) override;
  ThreadPool& host() override { return host_; }

  const CudaDevice& device() const { return device_; }
  cudaStream_t stream() const { return stream_; }
  void check(cudaError_t error, const char* call) const { device_.check(error, call); }

  template <class T>
  const T* operand(const T* data) const {
    return static_cast<const T*>(device_.operand(data));
  }

  // Memory for one op, 256-byte aligned, until the next call; contents undefined. It grows in the stream's order, but not while the
  // stream is captured into a graph: then an op must have run with that size before.
  void* scratch(size_t bytes);

 private:
  // Pinned memory for copies that follow one another; it is used again when all of them are done.
  struct Slot {
    char* memory = nullptr;
    cudaEvent_t copied = nullptr;
  };
  static constexpr int kSlots = 8;
  static constexpr size_t kSlotBytes = 256 << 10;

  void make_slots();
  char* pinned(size_t bytes);
  void destroy() noexcept;

  const CudaDevice& device_;
  PinnedHost host_;
  cudaStream_t stream_ = nullptr;
  Slot slots_[kSlots];
  int slot_ = 0;
  size_t slot_used_ = 0;
  Graphs graphs_;
  void* scratch_ = nullptr;
  size_t scratch_bytes_ = 0;
};

// How ops see their queue.
inline CudaQueue& cuda_queue(Queue& queue) { return static_cast<CudaQueue&>(queue); }

}  // namespace gpa::cuda
