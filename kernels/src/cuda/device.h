// One GPU: its name, the weights it adopted, and where they went.
#pragma once
#include <cuda_runtime.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gpa/kernels/device.h"

namespace gpa::cuda {

// GPUs of compute capability 8.0 and later are served.
inline constexpr int kLeastCapability = 80;

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(int index);  // throws DeviceFailure
  ~CudaDevice() override;

  const std::string& name() const override { return name_; }
  const KernelTable& kernels() const override;
  std::unique_ptr<Queue> make_queue(int host_threads) override;
  void adopt(const void* data, size_t bytes) override;

  int index() const { return index_; }
  int processors() const { return processors_; }
  int capability() const { return capability_; }  // 90: sm_90
  size_t shared_bytes() const { return shared_bytes_; }  // most of a block

  // Where the GPU finds an operand: adopted memory has moved, the rest stands where the caller says.
  const void* operand(const void* data) const;

  // Makes this GPU the calling thread's.
  void enter() const { check(cudaSetDevice(index_), "cudaSetDevice"); }
  void check(cudaError_t error, const char* call) const;

 private:
  struct Region {
    const char* begin;
    size_t bytes;
    char* moved;       // where `begin` is now
    void* allocation;  // what to free
  };
  using Regions = std::vector<Region>;

  void trim() const noexcept;

  void require_code() const;

  int index_;
  std::string name_;
  int processors_ = 0;
  int capability_ = 0;
  size_t shared_bytes_ = 0;
  std::mutex adopting_;
  // Every list there ever was: readers take no lock.
  std::vector<std::unique_ptr<const Regions>> lists_;
  std::atomic<const Regions*> regions_;
};

}  // namespace gpa::cuda
