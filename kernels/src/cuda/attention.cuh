// What the attention kernels share: which keys a query sees, and where keys and values lie.
//
// A sequence with one query is split over its keys (attention_decode.cuh), one with more is tiled (attention_tile.cuh): which of them
// depends on the sequence alone, and so do its bits.
#pragma once
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "cuda/launch.cuh"
#include "cuda/math.cuh"
#include "gpa/kernels/kernel_table.h"

namespace gpa::cuda {

// The keys that a query at this position sees are the first so many of the sequence.
__device__ inline int visible_keys(const AttentionArgs& a, const AttentionSequence& s, int64_t position) {
  int64_t end = s.keys;
  if (a.mask == Mask::kCausal) end = position + 1;
  if (a.mask == Mask::kBlockCausal) end = (position / a.block + 1) * a.block;  // at least position + 1
  return static_cast<int>(end < s.keys ? end : s.keys);
}

// Four elements, in one load where their address allows it.
template <DType kv_type>
__device__ inline float4 load_four(const char* from) {
  if constexpr (kv_type == DType::kF32) {
    if (reinterpret_cast<uintptr_t>(from) % 16 == 0) return __ldg(reinterpret_cast<const float4*>(from));
    const auto* x = reinterpret_cast<const float*>(from);
    return make_float4(x[0], x[1], x[2], x[3]);
  } else {
    const auto* x = reinterpret_cast<const uint16_t*>(from);
    ushort4 bits;
    if (reinterpret_cast<uintptr_t>(from) % 8 == 0) {
      const uint2 words = __ldg(reinterpret_cast<const uint2*>(from));
      bits = make_ushort4(static_cast<uint16_t>(words.x), static_cast<uint16_t>(words.x >> 16), static_cast<uint16_t>(words.y),
                          static_cast<uint16_t>(words.y >> 16));
    } else {
      bits = make_ushort4(x[0], x[1], x[2], x[3]);
    }
    return make_float4(__half2float(__ushort_as_half(bits.x)), __half2float(__ushort_as_half(bits.y)), __half2float(__ushort_as_half(bits.z)),
                       __half2float(__ushort_as_half(bits.w)));
  }
}

template <DType kv_type>
__device__ inline float load_one(const char* from) {
  if constexpr (kv_type == DType::kF32)
    return *reinterpret_cast<const float*>(from);
  else
    return __half2float(__ushort_as_half(*reinterpret_cast<const uint16_t*>(from)));
}

template <DType kv_type>
constexpr int kElementBytes = kv_type == DType::kF32 ? 4 : 2;

// The key (offset: a.k_offset) or value (a.v_offset) of one token and key/value head.
template <DType kv_type>
__device__ inline const char* element_of(const AttentionArgs& a, const AttentionSequence& s, int token, int head, int64_t offset) {
  const auto page_tokens = static_cast<unsigned>(a.page_tokens);
  const unsigned page = static_cast<unsigned>(token) / page_tokens, row = static_cast<unsigned>(token) % page_tokens;
  return static_cast<const char*>(s.pages[page]) + (offset + row * a.kv_stride + head * a.head_dim) * kElementBytes<kv_type>;
}

}  // namespace gpa::cuda
