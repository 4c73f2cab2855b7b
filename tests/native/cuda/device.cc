#include "device.h"

#include <dlfcn.h>

#include <cstdlib>

#include "cuda_emulation/control.h"

extern "C" const gpa::DeviceLibrary gpa_device_library;

namespace gpa::test {
namespace {

const DeviceLibrary& load(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) throw std::runtime_error(dlerror());
  const auto* exported = static_cast<const DeviceLibrary*>(dlsym(library, "gpa_device_library"));
  if (!exported || exported->abi != kDeviceAbi) throw std::runtime_error(std::string(path) + ": no device library of this build");
  return *exported;
}

}  // namespace

bool emulated() { return std::getenv("GPA_CUDA_LIBRARY") == nullptr; }

const DeviceLibrary& device_library() {
  static const DeviceLibrary& library = emulated() ? gpa_device_library : load(std::getenv("GPA_CUDA_LIBRARY"));
  return library;
}

Device& device() {
  static const std::unique_ptr<Device> device = [] {
    if (emulated()) cuda_emulation::report_faults();
    return device_library().open(0);
  }();
  return *device;
}

Floats on_reference(const Op& op, int64_t count) {
  ThreadPool pool(1);
  Side side(pool, reference_kernels());
  return side.get(op(side), count);
}

Floats on_device(const Op& op, int64_t count) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  Side side(*queue, device().kernels());
  return side.get(op(side), count);
}

void compare(const std::string& what, int64_t count, double bound, const Op& op) {
  const Floats want = on_reference(op, count), got = on_device(op, count);
  ASSERT_LE(nmse(want, got), bound) << what << ", largest difference " << largest_difference(want, got);
  cuda_emulation::set_order(cuda_emulation::Order::kReverse);
  const Floats again = on_device(op, count);
  cuda_emulation::set_order(cuda_emulation::Order::kForward);
  ASSERT_EQ(0, std::memcmp(got.data(), again.data(), got.size() * sizeof(float))) << what << ": bits differ in a second run";
}

}  // namespace gpa::test
