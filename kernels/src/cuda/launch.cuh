// The one way in which kernels are started, and what their code needs that the emulation of CUDA words differently.
#pragma once
#include <cuda_runtime.h>

#include <utility>

#include "cuda/queue.h"

// The dynamic shared memory of the block, as an array of `type`; 16-byte aligned.
#ifndef GPA_DYNAMIC_SHARED
#define GPA_DYNAMIC_SHARED(type, name)                      \
  extern __shared__ __align__(16) char gpa_dynamic_shared[]; \
  type* const name = reinterpret_cast<type*>(gpa_dynamic_shared)
#endif

namespace gpa::cuda {

inline constexpr size_t kSharedByDefault = 48 << 10;

// Starts the kernel in the queue's stream. An empty grid starts nothing.
template <class... Parameters, class... Arguments>
void launch(CudaQueue& queue, void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, Arguments&&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  queue.device().enter();
  if (shared_bytes > kSharedByDefault) {
    queue.check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)),
                "cudaFuncSetAttribute");
  }
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = queue.stream();
  queue.check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), "cudaLaunchKernelEx");
}

}  // namespace gpa::cuda
