// What the tests of the CUDA backend share: the device under test, memory on it, and comparisons with the reference.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gpa/kernels/device.h"
#include "gpa/kernels/thread_pool.h"
#include "kernels/support.h"

namespace gpa::test {

// The library that GPA_CUDA_LIBRARY names, or the emulated one, which is part of this program.
const DeviceLibrary& device_library();
bool emulated();
Device& device();  // its first; the same for all tests

// A queue with arrays that live until it ends.
class Side {
 public:
  Side(Queue& queue, const KernelTable& kernels) : queue_(queue), kernels_(kernels) {}
  ~Side() {
    for (void* memory : memory_) queue_.release(memory);
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  Queue& queue() { return queue_; }
  const KernelTable& kernels() const { return kernels_; }

  template <class T>
  T* array(const std::vector<T>& values) {
    auto* memory = static_cast<T*>(queue_.allocate(values.size() * sizeof(T)));
    memory_.push_back(memory);
    queue_.upload(memory, values.data(), values.size() * sizeof(T));
    return memory;
  }
  // An output: NaN until an op writes it.
  float* floats(int64_t count) { return array(Floats(static_cast<size_t>(count), NAN)); }
  Weight weight(const Weights& w) { return {array(w.bytes), w.type, w.rows, w.cols}; }

  template <class T>
  std::vector<T> get(const T* memory, int64_t count) {
    std::vector<T> values(static_cast<size_t>(count));
    queue_.download(values.data(), memory, values.size() * sizeof(T));
    return values;
  }

 private:
  Queue& queue_;
  const KernelTable& kernels_;
  std::vector<void*> memory_;
};

// What an op wrote: it gets a side, puts its operands there, and tells where `count` floats of result are.
using Op = std::function<const float*(Side&)>;
Floats on_reference(const Op& op, int64_t count);
Floats on_device(const Op& op, int64_t count);

// The device's result against the reference's: the error is at most `bound`, and the bits are those of a second run, for which
// the emulation takes threads and blocks in reverse.
void compare(const std::string& what, int64_t count, double bound, const Op& op);

}  // namespace gpa::test
