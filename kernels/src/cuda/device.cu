#include "cuda/device.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "cuda/errors.h"
#include "cuda/queue.h"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

// Adopted memory keeps its place within a line of this many bytes, so that what was aligned in the file is so on the GPU.
constexpr size_t kLine = 256;
constexpr size_t kChunk = 4 << 20;

std::string version_text(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

__global__ void probe_kernel() {}

// Uploads through two pinned buffers: one is filled while the other is copied.
class Staging {
 public:
  explicit Staging(const CudaDevice& device) : device_(device) {
    try {
      device_.check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
      for (int i = 0; i < 2; ++i) {
        device_.check(cudaMallocHost(&pinned_[i], kChunk), "cudaMallocHost");
        device_.check(cudaEventCreateWithFlags(&copied_[i], cudaEventDisableTiming), "cudaEventCreateWithFlags");
      }
    } catch (...) {
      destroy();
      throw;
    }
  }
  ~Staging() { destroy(); }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  void upload(char* to, const char* from, size_t bytes) {
    for (size_t done = 0, i = 0; done < bytes; done += kChunk, i ^= 1) {
      const size_t part = std::min(kChunk, bytes - done);
      device_.check(cudaEventSynchronize(copied_[i]), "cudaEventSynchronize");
      std::memcpy(pinned_[i], from + done, part);
      device_.check(cudaMemcpyAsync(to + done, pinned_[i], part, cudaMemcpyHostToDevice, stream_), "cudaMemcpyAsync");
      device_.check(cudaEventRecord(copied_[i], stream_), "cudaEventRecord");
    }
    device_.check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
  }

 private:
  void destroy() noexcept {
    if (stream_) {
      cudaStreamSynchronize(stream_);
      cudaStreamDestroy(stream_);
    }
    for (int i = 0; i < 2; ++i) {
      if (copied_[i]) cudaEventDestroy(copied_[i]);
      cudaFreeHost(pinned_[i]);
    }
    cudaGetLastError();
  }

  const CudaDevice& device_;
  cudaStream_t stream_ = nullptr;
  char* pinned_[2] = {};
  cudaEvent_t copied_[2] = {};
};

// The driver as cudaGetDeviceCount() finds it: throws where there is none that can be used.
int require_devices() {
  int driver = 0, runtime = 0, count = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count > 0) return count;
  cudaGetLastError();
  if (driver == 0) throw DeviceFailure("cuda: no driver: install NVIDIA's for CUDA " + version_text(runtime) + " or newer");
  if (error == cudaErrorInsufficientDriver) {
    throw DeviceFailure("cuda: the driver is too old: it serves CUDA up to " + version_text(driver) + ", this library needs " +
                        version_text(runtime));
  }
  throw DeviceFailure(std::string("cuda: no GPU: ") + cudaGetErrorString(error == cudaSuccess ? cudaErrorNoDevice : error));
}

}  // namespace

CudaDevice::CudaDevice(int index) : index_(index), name_("cuda:" + std::to_string(index)) {
  const int count = require_devices();
  if (index < 0 || index >= count) {
    throw DeviceFailure(name_ + ": no such device: this machine has " + std::to_string(count) + ", numbered from 0");
  }
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  name_ += std::string(" (") + properties.name + ")";
  processors_ = properties.multiProcessorCount;
  capability_ = properties.major * 10 + properties.minor;
  shared_bytes_ = properties.sharedMemPerBlockOptin;
  enter();
  require_code();
  // Freed memory stays with the process, for the next allocation.
  cudaMemPool_t pool;
  uint64_t threshold = UINT64_MAX;
  check(cudaDeviceGetDefaultMemPool(&pool, index), "cudaDeviceGetDefaultMemPool");
  check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold), "cudaMemPoolSetAttribute");
  lists_.push_back(std::make_unique<const Regions>());
  regions_ = lists_.back().get();
}

// The library may have been built for some GPUs only.
void CudaDevice::require_code() const {
  cudaFuncAttributes attributes;
  const cudaError_t error = capability_ < kLeastCapability ? cudaErrorNoKernelImageForDevice : cudaFuncGetAttributes(&attributes, probe_kernel);
  if (error != cudaErrorNoKernelImageForDevice) return check(error, "cudaFuncGetAttributes");
  cudaGetLastError();
  throw DeviceFailure(name_ + ": this library has no code for a GPU of compute capability " + std::to_string(capability_ / 10) + "." +
                      std::to_string(capability_ % 10));
}

// Gives back what queues that ended have left in the pool.
void CudaDevice::trim() const noexcept {
  cudaMemPool_t pool;
  if (cudaDeviceGetDefaultMemPool(&pool, index_) == cudaSuccess) cudaMemPoolTrimTo(pool, 0);
  cudaGetLastError();
}

CudaDevice::~CudaDevice() {
  cudaSetDevice(index_);
  trim();
  for (const Region& region : *regions_.load()) cudaFree(region.allocation);
  cudaGetLastError();
}

void CudaDevice::check(cudaError_t error, const char* call) const { cuda::check(error, name_, call); }

const KernelTable& CudaDevice::kernels() const { return table(); }

std::unique_ptr<Queue> CudaDevice::make_queue(int host_threads) { return std::make_unique<CudaQueue>(*this, host_threads); }

void CudaDevice::adopt(const void* data, size_t bytes) {
  const std::lock_guard guard(adopting_);
  enter();
  Staging staging(*this);
  Region region{static_cast<const char*>(data), bytes, nullptr, nullptr};
  trim();
  const size_t offset = reinterpret_cast<uintptr_t>(data) % kLine;
  check(cudaMalloc(&region.allocation, offset + bytes), "cudaMalloc");
  region.moved = static_cast<char*>(region.allocation) + offset;
  try {
    staging.upload(region.moved, region.begin, bytes);
    auto longer = std::make_unique<Regions>(*regions_.load());
    longer->push_back(region);
    lists_.push_back(std::move(longer));
  } catch (...) {
    cudaFree(region.allocation);
    throw;
  }
  regions_ = lists_.back().get();
}

const void* CudaDevice::operand(const void* data) const {
  const auto* byte = static_cast<const char*>(data);
  for (const Region& region : *regions_.load(std::memory_order_acquire))
    if (byte >= region.begin && byte < region.begin + region.bytes) return region.moved + (byte - region.begin);
  return data;
}

}  // namespace gpa::cuda
