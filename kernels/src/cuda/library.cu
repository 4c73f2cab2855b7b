// What libgpa_cuda.so exports.
#include "cuda/device.h"

namespace gpa::cuda {
namespace {

int count() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess) {
    cudaGetLastError();
    return 0;
  }
  return devices;
}

std::unique_ptr<Device> open(int index) { return std::make_unique<CudaDevice>(index); }

}  // namespace
}  // namespace gpa::cuda

extern "C" __attribute__((visibility("default"))) const gpa::DeviceLibrary gpa_device_library;
extern "C" const gpa::DeviceLibrary gpa_device_library = {gpa::kDeviceAbi, gpa::cuda::count, gpa::cuda::open};
