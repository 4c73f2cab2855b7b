// What tests set and ask of the emulated GPUs. Thread-safe.
#pragma once
#include <cstdint>

#include "cuda_emulation/runtime.h"

namespace cuda_emulation {

// Deferred (the default): work of a stream is done when something waits for it, so that a host that forgot to wait reads what
// was there before. Otherwise at the call.
void set_deferred(bool deferred);

// Threads of a block run in this order between two waits, blocks too: what is right in both orders misses no barrier (nearly).
enum class Order { kForward, kReverse };
void set_order(Order order);

// The nth call from now (1: the next) of that function, as "cudaMalloc" or "launch", fails with `error`.
void fail(const char* call, int nth, cudaError_t error);

// What cudaGetDeviceCount() finds. Version 0: no driver.
void set_driver(int version, int devices);
void set_capability(int major, int minor);  // of all GPUs; the default is 9.0

int launches();                   // kernels done so far
int allocations();                // of device memory, that live now
size_t device_bytes();            // in them
void set_capacity(size_t bytes);  // allocations beyond it fail; the default is 16 GiB

int pageable_copies();            // to or from memory of the host that is not pinned, so far

// The address lies in memory of an emulated GPU.
bool on_device(const void* address);
// It lies in memory of cudaMallocHost().
bool pinned(const void* address);

// Before a crash over a bad address, says which kernel's thread or that the host touched device memory. For programs of tests only.
void report_faults();

}  // namespace cuda_emulation
