// Where ops run, and the memory in which they find their operands. No STL in this header: it is included by code compiled for one ISA.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gpa {

class ThreadPool;

// Ops given to a queue take effect in the order given. A CPU's op is done when its call returns; a device may still be at it, and
// only download() and wait() wait. One thread at a time uses a queue.
// An operand is memory of allocate(), or of the weights that its device adopted (device.h). Failures throw: std::bad_alloc, DeviceFailure.
class Queue {
 public:
  virtual ~Queue() = default;

  // At least 64-byte aligned, contents undefined. release() takes effect after what was given to the queue before it.
  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;

  // True: operands lie in the host's memory, where anybody may read and write them between two ops.
  virtual bool on_host() const = 0;
  // from: the host's; it may be changed as soon as the call returns.
  virtual void upload(void* to, const void* from, size_t bytes) = 0;
  // to: the host's. Returns when everything given before is done and the bytes are there.
  virtual void download(void* to, const void* from, size_t bytes) = 0;
  // rows pieces of `bytes` each, so many bytes apart; between operands that do not overlap.
  virtual void copy(void* to, size_t to_stride, const void* from, size_t from_stride, size_t bytes, size_t rows) = 0;
  virtual void wait() = 0;

  // Calls give(arg), which gives ops and copies between operands to the queue, and nothing else. A device may keep what was given under
  // the key (int64 words) and give it again in place of the call: with one key, then, all operands, extents and numbers must be the same.
  virtual void repeat(const int64_t* /*key*/, int /*words*/, void (*give)(void*), void* arg) { give(arg); }

  // Threads for what the host computes itself, and memory for it: downloads into that of host().allocate() are the fastest.
  virtual ThreadPool& host() = 0;
};

}  // namespace gpa
