#include "cuda/pinned_host.h"

#include <algorithm>

namespace gpa::cuda {
namespace {

constexpr size_t kStep = 64 << 10;       // sizes are multiples of it, so that one piece serves many
constexpr size_t kMostKept = 256 << 20;  // bytes
constexpr size_t kMostWaste = 2;         // a kept piece may be so many times as large as what is asked for

}  // namespace

PinnedHost::~PinnedHost() {
  cudaSetDevice(device_.index());
  forget_kept();
}

void PinnedHost::forget_kept() noexcept {
  for (const auto& [bytes, memory] : kept_) cudaFreeHost(memory);
  cudaGetLastError();
  kept_.clear();
  kept_bytes_ = 0;
}

void* PinnedHost::allocate(size_t bytes) {
  const size_t size = (std::max<size_t>(bytes, 1) + kStep - 1) / kStep * kStep;
  const std::lock_guard guard(mutex_);
  if (const auto found = kept_.lower_bound(size); found != kept_.end() && found->first <= kMostWaste * size) {
    const auto [kept, memory] = *found;
    used_.emplace(memory, kept);
    kept_.erase(found);
    kept_bytes_ -= kept;
    return memory;
  }
  device_.enter();
  char* memory = nullptr;
  cudaError_t error = cudaMallocHost(&memory, size);
  if (error == cudaErrorMemoryAllocation && !kept_.empty()) {
    forget_kept();
    error = cudaMallocHost(&memory, size);
  }
  device_.check(error, "cudaMallocHost");
  try {
    used_.emplace(memory, size);
  } catch (...) {
    cudaFreeHost(memory);
    throw;
  }
  return memory;
}

void PinnedHost::release(void* memory) noexcept {
  if (!memory) return;
  const std::lock_guard guard(mutex_);
  const auto found = used_.find(static_cast<const char*>(memory));
  const size_t size = found->second;
  used_.erase(found);
  try {
    if (kept_bytes_ + size <= kMostKept) {
      kept_.emplace(size, static_cast<char*>(memory));
      kept_bytes_ += size;
      return;
    }
  } catch (const std::bad_alloc&) {
  }
  cudaSetDevice(device_.index());
  cudaFreeHost(memory);
  cudaGetLastError();
}

bool PinnedHost::holds(const void* data, size_t bytes) const {
  const auto* begin = static_cast<const char*>(data);
  const std::lock_guard guard(mutex_);
  auto after = used_.upper_bound(begin);
  if (after == used_.begin()) return false;
  const auto [memory, size] = *--after;
  return begin + bytes <= memory + size;
}

}  // namespace gpa::cuda
