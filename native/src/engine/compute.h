// What an engine's networks are computed with.
#pragma once
#include <memory>

#include "gpa/kernels/device.h"
#include "gpa/kernels/packed_weights.h"
#include "gpa/kernels/thread_pool.h"

namespace gpa {

struct Compute {
  std::shared_ptr<Device> device;  // null: the CPU
  const KernelTable& kernels;
  int threads;
  Rounding rounding;  // of the audio networks' activations
  std::shared_ptr<const PackedWeights> packed = nullptr;  // of the CPU

  const char* device_name() const { return device ? device->name().c_str() : "cpu"; }
  // Errors: std::bad_alloc, DeviceFailure.
  std::unique_ptr<Queue> make_queue() const {
    if (device) return device->make_queue(threads);
    auto pool = std::make_unique<ThreadPool>(threads);
    pool->use(packed.get());
    return pool;
  }
};

}  // namespace gpa
