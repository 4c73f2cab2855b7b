// Operands of an op on the device under test, beside those that the reference reads.
#pragma once
#include <memory>

#include "device.h"

namespace gpa::test {

class OperandTest : public testing::Test {
 protected:
  ~OperandTest() override {
    for (void* memory : memory_) queue_->release(memory);
  }

  template <class T>
  T* put(const std::vector<T>& values) {
    T* memory = room<T>(values.size());
    queue_->upload(memory, values.data(), values.size() * sizeof(T));
    return memory;
  }
  template <class T>
  T* room(size_t count) {
    memory_.push_back(queue_->allocate(std::max<size_t>(count * sizeof(T), 1)));
    return static_cast<T*>(memory_.back());
  }
  template <class T>
  std::vector<T> get(const T* from, size_t count) {
    std::vector<T> out(count);
    queue_->download(out.data(), from, count * sizeof(T));
    return out;
  }

  // As weights lie in a model: the op is given the host's address.
  const Weights& adopt(Weights w) {
    adopted_.push_back(std::make_unique<Weights>(std::move(w)));
    device_->adopt(adopted_.back()->bytes.data(), adopted_.back()->bytes.size());
    return *adopted_.back();
  }

  static void expect_close(const Floats& want, const Floats& got, double bound, const std::string& what) {
    ASSERT_LE(nmse(want, got), bound) << what << ", largest difference " << largest_difference(want, got);
  }
  static void expect_same(const float* want, const float* got, int64_t count, const std::string& what) {
    ASSERT_EQ(0, std::memcmp(want, got, static_cast<size_t>(count) * sizeof(float))) << what;
  }

  ThreadPool host_{1};
  std::unique_ptr<Device> device_ = device_library().open(0);
  const KernelTable& kernels_ = device_->kernels();
  std::unique_ptr<Queue> queue_ = device_->make_queue(1);

 private:
  std::vector<void*> memory_;
  std::vector<std::unique_ptr<Weights>> adopted_;
};

}  // namespace gpa::test
