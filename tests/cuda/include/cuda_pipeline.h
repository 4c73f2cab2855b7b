// Stands for CUDA's header of this name.
#pragma once
#include "cuda_runtime.h"

inline void __pipeline_memcpy_async(void* to, const void* from, size_t size, size_t zeros = 0) {
  if (size != 4 && size != 8 && size != 16) cuda_emulation::kernel_error("an asynchronous copy of other than 4, 8 or 16 bytes");
  if (reinterpret_cast<uintptr_t>(to) % size != 0 || reinterpret_cast<uintptr_t>(from) % size != 0)
    cuda_emulation::kernel_error("misaligned asynchronous copy");
  cuda_emulation::copy_later(to, from, size, size - zeros);
}
inline void __pipeline_commit() { cuda_emulation::commit_copies(); }
inline void __pipeline_wait_prior(size_t groups) { cuda_emulation::wait_for_copies(static_cast<unsigned>(groups)); }
