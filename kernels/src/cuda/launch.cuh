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
// early: it may begin before the kernels in front of it have ended, where the GPU can do that (from 9.0 on). It must call wait_for_earlier()
// before it reads what they write and before it writes anything.
template <class... Parameters, class... Arguments>
void launch_when(bool early, CudaQueue& queue, void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
                 Arguments&&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  queue.device().enter();
  if (shared_bytes > kSharedByDefault) {
    queue.check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)),
                "cudaFuncSetAttribute");
  }
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = queue.stream();
  config.attrs = &attribute;
  config.numAttrs = early && queue.device().capability() >= 90 ? 1 : 0;
  queue.check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), "cudaLaunchKernelEx");
}
template <class... Parameters, class... Arguments>
void launch(CudaQueue& queue, void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, Arguments&&... arguments) {
  launch_when(false, queue, kernel, grid, block, shared_bytes, std::forward<Arguments>(arguments)...);
}

// Until all that kernels in front of this one wrote is there.
__device__ inline void wait_for_earlier() {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
  cudaGridDependencySynchronize();
#endif
}
// From here on the next kernel may begin, if it was launched early: it has work that depends on nothing.
__device__ inline void let_next_begin() {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
  cudaTriggerProgrammaticLaunchCompletion();
#endif
}

}  // namespace gpa::cuda
