// Devices by name: "cpu"; "cuda:0", "cuda:1", … where the library for NVIDIA GPUs is there and finds some.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "gpa/kernels/device.h"

namespace gpa {

// To be called before the others; the environment variable GPA_CUDA_LIBRARY goes before it.
void set_cuda_library(const std::string& path);

// Best first, at least "cpu".
const std::vector<std::string>& device_names();

// The device of that name ("cuda": the first GPU; null, "auto": the best), null for the CPU.
// Error(DEVICE): there is no such device here, and why.
std::shared_ptr<Device> open_device(const char* name);

}  // namespace gpa
