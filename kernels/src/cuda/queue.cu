#include "cuda/queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gpa::cuda {

CudaQueue::CudaQueue(const CudaDevice& device, int host_threads) : device_(device), host_(device, host_threads), graphs_(device) {
  try {
    device_.enter();
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    make_slots();
  } catch (...) {
    destroy();
    throw;
  }
}

CudaQueue::~CudaQueue() { destroy(); }

void CudaQueue::make_slots() {
  check(cudaMallocHost(&slots_[0].memory, kSlots * kSlotBytes), "cudaMallocHost");
  for (int i = 0; i < kSlots; ++i) {
    slots_[i].memory = slots_[0].memory + static_cast<size_t>(i) * kSlotBytes;
    check(cudaEventCreateWithFlags(&slots_[i].copied, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  }
}

// Nobody is left to be told of a failure.
void CudaQueue::destroy() noexcept {
  cudaSetDevice(device_.index());
  if (stream_) {
    cudaStreamSynchronize(stream_);
    graphs_.clear();
    if (scratch_) cudaFreeAsync(scratch_, stream_);
    cudaStreamDestroy(stream_);
  }
  for (const Slot& slot : slots_)
    if (slot.copied) cudaEventDestroy(slot.copied);
  cudaFreeHost(slots_[0].memory);
  cudaGetLastError();
}

void* CudaQueue::allocate(size_t bytes) {
  device_.enter();
  void* memory = nullptr;
  check(cudaMallocAsync(&memory, std::max<size_t>(bytes, 1), stream_), "cudaMallocAsync");
  return memory;
}

void CudaQueue::release(void* memory) noexcept {
  if (!memory) return;
  // A device that failed has lost its memory anyway.
  if (cudaSetDevice(device_.index()) != cudaSuccess || cudaFreeAsync(memory, stream_) != cudaSuccess) cudaGetLastError();
}

void* CudaQueue::scratch(size_t bytes) {
  if (bytes <= scratch_bytes_) return scratch_;
  const size_t grown = std::max(bytes, scratch_bytes_ + scratch_bytes_ / 2);
  graphs_.clear();  // they hold its address
  release(std::exchange(scratch_, nullptr));
  scratch_bytes_ = 0;
  scratch_ = allocate(grown);
  scratch_bytes_ = grown;
  return scratch_;
}

// Of the slot in use, or of the next one where that is full.
char* CudaQueue::pinned(size_t bytes) {
  constexpr size_t kLine = 64;
  if (slot_used_ + bytes > kSlotBytes) {
    check(cudaEventRecord(slots_[slot_].copied, stream_), "cudaEventRecord");
    slot_ = (slot_ + 1) % kSlots;
    slot_used_ = 0;
    check(cudaEventSynchronize(slots_[slot_].copied), "cudaEventSynchronize");
  }
  char* memory = slots_[slot_].memory + slot_used_;
  slot_used_ += (bytes + kLine - 1) / kLine * kLine;
  return memory;
}

void CudaQueue::upload(void* to, const void* from, size_t bytes) {
  device_.enter();
  for (size_t done = 0; done < bytes;) {
    const size_t part = std::min(bytes - done, kSlotBytes);
    char* memory = pinned(part);
    std::memcpy(memory, static_cast<const char*>(from) + done, part);
    check(cudaMemcpyAsync(static_cast<char*>(to) + done, memory, part, cudaMemcpyHostToDevice, stream_), "cudaMemcpyAsync");
    done += part;
  }
}

void CudaQueue::download(void* to, const void* from, size_t bytes) {
  device_.enter();
  if (bytes == 0) return wait();
  // Into pinned memory, which the GPU writes by itself; other memory, where a slot does not do, goes the driver's slower way.
  char* memory = bytes > kSlotBytes || host_.holds(to, bytes) ? static_cast<char*>(to) : pinned(bytes);
  check(cudaMemcpyAsync(memory, operand(from), bytes, cudaMemcpyDeviceToHost, stream_), "cudaMemcpyAsync");
  wait();
  if (memory != to) std::memcpy(to, memory, bytes);
}

void CudaQueue::copy(void* to, size_t to_stride, const void* from, size_t from_stride, size_t bytes, size_t rows) {
  if (bytes == 0 || rows == 0) return;
  device_.enter();
  const void* source = operand(from);
  if (rows == 1 || (to_stride == bytes && from_stride == bytes)) {
    check(cudaMemcpyAsync(to, source, bytes * rows, cudaMemcpyDeviceToDevice, stream_), "cudaMemcpyAsync");
  } else {
    check(cudaMemcpy2DAsync(to, to_stride, source, from_stride, bytes, rows, cudaMemcpyDeviceToDevice, stream_), "cudaMemcpy2DAsync");
  }
}

void CudaQueue::repeat(const int64_t* key, int words, void (*give)(void*), void* arg) {
  device_.enter();
  graphs_.repeat({key, key + words}, stream_, give, arg);
}

void CudaQueue::wait() {
  device_.enter();
  check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
}

}  // namespace gpa::cuda
