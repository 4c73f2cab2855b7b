// What the parts of the emulation share. One lock guards all of it; kernels run under it.
#pragma once
#include <functional>
#include <mutex>

#include "cuda_emulation/runtime.h"

namespace cuda_emulation {

std::recursive_mutex& lock();
bool deferred();

// The error to return from `call`: what a test asked for, or none. Remembers it for cudaGetLastError().
cudaError_t injected(const char* call);
cudaError_t set_error(cudaError_t error);

// Runs every thread of every block.
void run_grid(dim3 grid, dim3 block, size_t shared_bytes, const void* kernel, const std::function<void()>& thread);
// True while a kernel runs: "kernel 0x… block (…) thread (…)" into text.
bool describe_running(char* text, size_t size);

// Device memory can be touched only between these (nested calls count).
void open_memory();
void close_memory();
void check_canaries(const char* after);
bool reverse_order();

void enqueue(cudaStream_t stream, std::function<void()> work);
bool capturing(cudaStream_t stream);
[[noreturn]] void fatal(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace cuda_emulation
