// Devices other than the CPU. Each lives in a shared library of its own, which is loaded when it is asked for.
#pragma once
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include "gpa/kernels/kernel_table.h"
#include "gpa/kernels/queue.h"

namespace gpa {

// A device cannot go on, or was never there: the message says which device and what its driver said.
struct DeviceFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Thread-safe. Outlives its queues.
class Device {
 public:
  virtual ~Device() = default;
  virtual const std::string& name() const = 0;  // "cuda:0 (NVIDIA H100 80GB HBM3)"
  virtual const KernelTable& kernels() const = 0;
  virtual std::unique_ptr<Queue> make_queue(int host_threads) = 0;
  // Copies host memory to the device; from then on ops take pointers into [data, data + bytes) as operands, until the device ends.
  // Throws std::bad_alloc, DeviceFailure.
  virtual void adopt(const void* data, size_t bytes) = 0;
};

// What a device's library exports, under the name gpa_device_library. It is of the same build as its caller: `abi` must be kDeviceAbi.
inline constexpr int kDeviceAbi = 3;
struct DeviceLibrary {
  int abi;
  int (*count)();  // devices that can be used; 0 without a driver
  std::unique_ptr<Device> (*open)(int index);  // throws DeviceFailure
};

}  // namespace gpa
