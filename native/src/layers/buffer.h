// Operands that outlive an arena: caches and states.
#pragma once
#include <cstddef>
#include <utility>

#include "gpa/kernels/queue.h"

namespace gpa {

// Owns memory of a queue, which must outlive it. Contents undefined. Errors: std::bad_alloc.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Queue& queue, size_t bytes) : queue_(&queue), memory_(queue.allocate(bytes)) {}
  ~Buffer() {
    if (memory_) queue_->release(memory_);
  }
  Buffer(Buffer&& other) noexcept : queue_(other.queue_), memory_(std::exchange(other.memory_, nullptr)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(queue_, other.queue_);
    std::swap(memory_, other.memory_);
    return *this;
  }

  void* get() const { return memory_; }
  float* floats() const { return static_cast<float*>(memory_); }

 private:
  Queue* queue_ = nullptr;
  void* memory_ = nullptr;
};

}  // namespace gpa
