// What a failed call of CUDA becomes.
#pragma once
#include <cuda_runtime.h>

#include <string>

namespace gpa::cuda {

// Nothing for cudaSuccess; std::bad_alloc where memory ran out; DeviceFailure, "<device>: <call>: <what CUDA says>", otherwise.
void check(cudaError_t error, const std::string& device, const char* call);

}  // namespace gpa::cuda
