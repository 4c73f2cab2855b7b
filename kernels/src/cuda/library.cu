// What libgpa_cuda.so exports.
#include "cuda/device.h"

namespace gpa::cuda {
namespace {

// CUDA numbers the fastest first: those behind one that is too old are no better.
int count() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess) devices = 0;
  int usable = 0;
  for (int major = 0; usable < devices; ++usable) {
    if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, usable) != cudaSuccess || major * 10 < kLeastCapability) break;
  }
  cudaGetLastError();
  return usable;
}

std::unique_ptr<Device> open(int index) { return std::make_unique<CudaDevice>(index); }

}  // namespace
}  // namespace gpa::cuda

extern "C" __attribute__((visibility("default"))) const gpa::DeviceLibrary gpa_device_library;
extern "C" const gpa::DeviceLibrary gpa_device_library = {gpa::kDeviceAbi, gpa::cuda::count, gpa::cuda::open};
