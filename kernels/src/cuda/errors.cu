#include "cuda/errors.h"

#include <new>

#include "gpa/kernels/device.h"

namespace gpa::cuda {

void check(cudaError_t error, const std::string& device, const char* call) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // the next call shall not report this one's failure
  if (error == cudaErrorMemoryAllocation) throw std::bad_alloc();
  throw DeviceFailure(device + ": " + call + ": " + cudaGetErrorString(error));
}

}  // namespace gpa::cuda
