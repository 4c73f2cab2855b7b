// Copies from global to shared memory that take no registers and are waited for later.
#pragma once
#include <cuda_pipeline.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace gpa::cuda {

// 16 bytes, of which those from `bytes` on are zeros and are not read. Both addresses are aligned to 16.
// CUDA's own wrapper takes the number of zeros as a constant: one that is not becomes a branch for each value.
__device__ inline void copy_16_async(void* shared, const void* global, int bytes) {
#ifdef __CUDACC__
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(static_cast<uint32_t>(__cvta_generic_to_shared(shared))), "l"(global), "r"(bytes)
               : "memory");
#else
  __pipeline_memcpy_async(shared, global, 16, static_cast<size_t>(16 - bytes));
#endif
}

}  // namespace gpa::cuda
