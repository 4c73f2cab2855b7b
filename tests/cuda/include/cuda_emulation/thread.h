// What a kernel knows of its thread, warp and block. The threads of a block are fibers of one host thread: each runs until it waits
// for others. Whatever CUDA leaves undefined here (barriers not met by all, masks that name others) ends the process with a message.
#pragma once
#include <cstring>

#include "cuda_emulation/types.h"

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

namespace cuda_emulation {

// By the last of the lanes in `mask` to arrive: arguments[lane] is what that lane gave, null for lanes not in the mask.
using Collective = void (*)(void* const* arguments, unsigned mask);

// Waits until every lane in `mask` gave its argument and run() was called on all of them. Tensor-core instructions are written
// with it: each lane's argument points to its fragments.
void warp_collective(unsigned mask, Collective run, void* argument, const char* file, int line);
void block_barrier(const char* file, int line);
// cp.async: the copy of `bytes` (zeros behind them up to `size`) is made when its group is waited for, and not before.
void copy_later(void* to, const void* from, size_t size, size_t bytes);
void commit_copies();
void wait_for_copies(unsigned groups_left);
// Exactly as long as the launch says; what follows it may not be touched.
void* dynamic_shared();
int lane();
[[noreturn]] void kernel_error(const char* what);

struct Exchange {
  uint64_t value;
  int source;  // a lane
  uint64_t result;
};
void exchange(void* const* arguments, unsigned mask);

template <class T>
T shuffle(unsigned mask, T value, int source, const char* file, int line) {
  static_assert(sizeof(T) <= sizeof(uint64_t));
  Exchange e{0, source, 0};
  std::memcpy(&e.value, &value, sizeof(T));
  warp_collective(mask, exchange, &e, file, line);
  std::memcpy(&value, &e.result, sizeof(T));
  return value;
}

// A lane outside the segment: one's own.
inline int within(int source, int width) { return source / width == lane() / width && source >= 0 ? source : lane(); }

struct Vote {
  bool predicate;
  unsigned ballot;
};
void vote(void* const* arguments, unsigned mask);
inline unsigned ballot(unsigned mask, bool predicate, const char* file, int line) {
  Vote v{predicate, 0};
  warp_collective(mask, vote, &v, file, line);
  return v.ballot;
}

}  // namespace cuda_emulation

#define CUDA_EMULATION_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(CUDA_EMULATION_SITE) { cuda_emulation::block_barrier(file, line); }
inline void __syncwarp(unsigned mask = 0xffffffffu, CUDA_EMULATION_SITE) {
  cuda_emulation::warp_collective(mask, [](void* const*, unsigned) {}, nullptr, file, line);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, CUDA_EMULATION_SITE) {
  const int first = cuda_emulation::lane() / width * width;
  return cuda_emulation::shuffle(mask, value, first + (source & (width - 1)), file, line);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, CUDA_EMULATION_SITE) {
  return cuda_emulation::shuffle(mask, value, cuda_emulation::within(cuda_emulation::lane() ^ lanes, width), file, line);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned lanes, int width = 32, CUDA_EMULATION_SITE) {
  return cuda_emulation::shuffle(mask, value, cuda_emulation::within(cuda_emulation::lane() + static_cast<int>(lanes), width), file, line);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned lanes, int width = 32, CUDA_EMULATION_SITE) {
  return cuda_emulation::shuffle(mask, value, cuda_emulation::within(cuda_emulation::lane() - static_cast<int>(lanes), width), file, line);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, CUDA_EMULATION_SITE) {
  return cuda_emulation::ballot(mask, predicate != 0, file, line);
}
inline int __any_sync(unsigned mask, int predicate, CUDA_EMULATION_SITE) {
  return cuda_emulation::ballot(mask, predicate != 0, file, line) != 0;
}
inline int __all_sync(unsigned mask, int predicate, CUDA_EMULATION_SITE) {
  return cuda_emulation::ballot(mask, predicate != 0, file, line) == mask;
}

// One thread runs at a time.
template <class T>
T atomicAdd(T* address, T value) {
  const T old = *address;
  *address = old + value;
  return old;
}
template <class T>
T atomicMax(T* address, T value) {
  const T old = *address;
  if (old < value) *address = value;
  return old;
}
template <class T>
T atomicMin(T* address, T value) {
  const T old = *address;
  if (value < old) *address = value;
  return old;
}
template <class T>
T atomicOr(T* address, T value) {
  const T old = *address;
  *address = old | value;
  return old;
}
template <class T>
T atomicAnd(T* address, T value) {
  const T old = *address;
  *address = old & value;
  return old;
}
template <class T>
T atomicExch(T* address, T value) {
  const T old = *address;
  *address = value;
  return old;
}
template <class T>
T atomicCAS(T* address, T expected, T value) {
  const T old = *address;
  if (old == expected) *address = value;
  return old;
}
inline void __threadfence() {}
inline void __threadfence_block() {}
[[noreturn]] inline void __trap() { cuda_emulation::kernel_error("__trap()"); }

// The dynamic shared memory of the block, as an array of `type`.
#define GPA_DYNAMIC_SHARED(type, name) type* const name = static_cast<type*>(cuda_emulation::dynamic_shared())
