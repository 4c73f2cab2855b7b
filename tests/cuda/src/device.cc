// The emulated GPUs themselves, errors, and what tests set.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "cuda_emulation/control.h"
#include "state.h"

namespace cuda_emulation {
namespace {

constexpr int kVersion = 13000;

struct Failure {
  int nth;
  cudaError_t error;
};
struct Settings {
  std::map<std::string, Failure> failures;
  bool deferred = true;
  Order order = Order::kForward;
  int driver = kVersion, devices = 2, major = 9, minor = 0;
};
// The environment may ask for the reverse order, for tests that do not take both themselves.
Settings& settings() {
  static auto* const all = [] {
    auto* made = new Settings;
    if (const char* order = std::getenv("GPA_CUDA_EMULATION_ORDER"); order && std::strcmp(order, "reverse") == 0) made->order = Order::kReverse;
    return made;
  }();
  return *all;
}

thread_local cudaError_t last_error = cudaSuccess;
thread_local int current_device = 0;

cudaError_t usable() {
  if (settings().driver == 0) return set_error(settings().devices ? cudaErrorInsufficientDriver : cudaErrorNoDevice);
  if (settings().driver < kVersion) return set_error(cudaErrorInsufficientDriver);
  return settings().devices == 0 ? set_error(cudaErrorNoDevice) : cudaSuccess;
}

}  // namespace

std::recursive_mutex& lock() {
  static auto* const mutex = new std::recursive_mutex;
  return *mutex;
}

bool deferred() { return settings().deferred; }
bool reverse_order() { return settings().order == Order::kReverse; }

cudaError_t set_error(cudaError_t error) { return last_error = error; }

cudaError_t injected(const char* call) {
  const std::lock_guard guard(lock());
  const auto found = settings().failures.find(call);
  if (found == settings().failures.end() || --found->second.nth > 0) return cudaSuccess;
  const cudaError_t error = found->second.error;
  settings().failures.erase(found);
  return set_error(error);
}

void set_deferred(bool on) {
  const std::lock_guard guard(lock());
  settings().deferred = on;
}

void set_order(Order order) {
  const std::lock_guard guard(lock());
  settings().order = order;
}

void fail(const char* call, int nth, cudaError_t error) {
  const std::lock_guard guard(lock());
  settings().failures[call] = {nth, error};
}

void set_driver(int version, int devices) {
  const std::lock_guard guard(lock());
  settings().driver = version;
  settings().devices = devices;
}

void set_capability(int major, int minor) {
  const std::lock_guard guard(lock());
  settings().major = major;
  settings().minor = minor;
}

cudaError_t find_kernel(cudaFuncAttributes* attributes) {
  *attributes = {};
  return injected("cudaFuncGetAttributes");
}

}  // namespace cuda_emulation

using namespace cuda_emulation;

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    default: return "cudaError";
  }
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInitializationError: return "initialization error";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorNoKernelImageForDevice: return "no kernel image is available for execution on the device";
    case cudaErrorNotReady: return "device not ready";
    case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
    case cudaErrorLaunchOutOfResources: return "too many resources requested for launch";
    case cudaErrorLaunchFailure: return "unspecified launch failure";
    case cudaErrorNotSupported: return "operation not supported";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated: return "operation failed due to a previous error during capture";
  }
  return "unrecognized error code";
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}
cudaError_t cudaPeekAtLastError() { return last_error; }

cudaError_t cudaDriverGetVersion(int* version) {
  const std::lock_guard guard(lock());
  *version = settings().driver;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  const std::lock_guard guard(lock());
  *count = 0;
  if (const cudaError_t error = injected("cudaGetDeviceCount")) return error;
  if (const cudaError_t error = usable()) return error;
  *count = settings().devices;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  const std::lock_guard guard(lock());
  if (const cudaError_t error = injected("cudaSetDevice")) return error;
  if (const cudaError_t error = usable()) return error;
  if (device < 0 || device >= settings().devices) return set_error(cudaErrorInvalidDevice);
  current_device = device;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  const std::lock_guard guard(lock());
  if (const cudaError_t error = injected("cudaGetDeviceProperties")) return error;
  if (device < 0 || device >= settings().devices) return set_error(cudaErrorInvalidDevice);
  *properties = {};
  std::snprintf(properties->name, sizeof properties->name, "Emulated GPU");
  properties->totalGlobalMem = size_t{16} << 30;
  properties->major = settings().major;
  properties->minor = settings().minor;
  properties->multiProcessorCount = 4;
  properties->l2CacheSize = 50 << 20;
  properties->sharedMemPerBlockOptin = 227 << 10;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp properties;
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, device)) return error;
  switch (attribute) {
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = 48 << 10; break;
    case cudaDevAttrMultiProcessorCount: *value = properties.multiProcessorCount; break;
    case cudaDevAttrComputeCapabilityMajor: *value = properties.major; break;
    case cudaDevAttrComputeCapabilityMinor: *value = properties.minor; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = static_cast<int>(properties.sharedMemPerBlockOptin); break;
    case cudaDevAttrMemoryPoolsSupported: *value = 1; break;
  }
  return cudaSuccess;
}
