// Attention of sequences with one query. Thread blocks take kSplit keys of a key/value head each, for up to kHeads query heads that
// share it; a second kernel puts the splits together in their order. Where a split begins depends on nothing but the key's number.
#pragma once
#include "cuda/attention.cuh"

namespace gpa::cuda {

constexpr int kSplit = 64;
constexpr int kDecodeThreads = 128;

// Of one split: the largest score, the sum of the weights e^(score - largest), and the weighted sum of the values behind them.
constexpr int kPartialHead = 2;
__device__ inline float* partial_of(float* partials, const AttentionArgs& a, int splits, int64_t sequence, int split, int head) {
  return partials + ((sequence * splits + split) * a.heads + head) * (a.head_dim + kPartialHead);
}

// scores[h][key] for the split's keys: eight lanes a key, each with every eighth piece of four columns. q is scaled.
template <DType kv_type, int kDim, int kHeads>
__device__ void score_split(const AttentionArgs& a, const AttentionSequence& s, int kv_head, const float* q, int heads, int first, int count,
                            float (&scores)[kHeads][kSplit]) {
  const int part = static_cast<int>(threadIdx.x % 8), slot = static_cast<int>(threadIdx.x / 8);
  float4 query[kHeads][kDim / 32];
#pragma unroll
  for (int h = 0; h < kHeads; ++h) {
#pragma unroll
    for (int i = 0; i < kDim / 32; ++i) {
      query[h][i] = h < heads ? load_four<DType::kF32>(reinterpret_cast<const char*>(q + h * kDim + 32 * i + 4 * part)) : make_float4(0, 0, 0, 0);
      query[h][i].x *= a.scale, query[h][i].y *= a.scale, query[h][i].z *= a.scale, query[h][i].w *= a.scale;
    }
  }
#pragma unroll
  for (int k = 0; k < kSplit; k += kDecodeThreads / 8) {
    const int key = k + slot;
    const char* from = element_of<kv_type>(a, s, first + min(key, count - 1), kv_head, a.k_offset) + 4 * part * kElementBytes<kv_type>;
    float sum[kHeads] = {};
#pragma unroll
    for (int i = 0; i < kDim / 32; ++i) {
      const float4 v = load_four<kv_type>(from + 32 * i * kElementBytes<kv_type>);
#pragma unroll
      for (int h = 0; h < kHeads; ++h)
        sum[h] = fmaf(query[h][i].w, v.w, fmaf(query[h][i].z, v.z, fmaf(query[h][i].y, v.y, fmaf(query[h][i].x, v.x, sum[h]))));
    }
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
#pragma unroll
      for (int lanes = 4; lanes > 0; lanes /= 2) sum[h] += __shfl_xor_sync(kAllLanes, sum[h], lanes);
      if (part == 0) scores[h][key] = key < count ? sum[h] : -INFINITY;
    }
  }
}

// Scores become weights; each head is one warp's.
template <int kHeads>
__device__ void weigh_split(int heads, float (&scores)[kHeads][kSplit], float (&most)[kHeads], float (&total)[kHeads]) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  for (int h = static_cast<int>(threadIdx.x / 32); h < heads; h += kDecodeThreads / 32) {
    float largest = fmaxf(scores[h][lane], scores[h][lane + 32]);
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) largest = fmaxf(largest, __shfl_xor_sync(kAllLanes, largest, lanes));
    const float low = expf(scores[h][lane] - largest), high = expf(scores[h][lane + 32] - largest);
    scores[h][lane] = low;
    scores[h][lane + 32] = high;
    float sum = low + high;
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(kAllLanes, sum, lanes);
    if (lane == 0) most[h] = largest, total[h] = sum;
  }
}

// partials [count][splits][heads][kPartialHead + kDim]; a sequence of one split is finished at once.
template <DType kv_type, int kDim, int kHeads>
__global__ void __launch_bounds__(kDecodeThreads) decode_attention_kernel(const AttentionArgs a, float* partials, int splits) {
  constexpr int kGroups = kDecodeThreads / (kDim / 4);  // keys whose values are read at once
  __shared__ float scores[kHeads][kSplit], most[kHeads], total[kHeads], sums[kGroups][kHeads][kDim];
  let_next_begin();
  wait_for_earlier();
  const AttentionSequence s = a.sequences[blockIdx.z];
  if (s.queries != 1) return;
  const int keys = visible_keys(a, s, s.position), first = static_cast<int>(blockIdx.x) * kSplit, count = min(kSplit, keys - first);
  if (count <= 0) return;
  const int sharing = static_cast<int>(a.heads / a.kv_heads), parts = (sharing + kHeads - 1) / kHeads, part = static_cast<int>(blockIdx.y) % parts;
  const int kv_head = static_cast<int>(blockIdx.y) / parts, head = kv_head * sharing + part * kHeads, heads = min(kHeads, sharing - part * kHeads);

  score_split<kv_type, kDim>(a, s, kv_head, a.q + s.first_row * a.q_stride + head * kDim, heads, first, count, scores);
  __syncthreads();
  weigh_split(heads, scores, most, total);
  __syncthreads();

  const int column = static_cast<int>(threadIdx.x) % (kDim / 4) * 4, group = static_cast<int>(threadIdx.x) / (kDim / 4);
  float4 sum[kHeads] = {};
#pragma unroll 4
  for (int key = group; key < count; key += kGroups) {
    const float4 v = load_four<kv_type>(element_of<kv_type>(a, s, first + key, kv_head, a.v_offset) + column * kElementBytes<kv_type>);
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
      const float weight = scores[h][key];
      sum[h].x = fmaf(weight, v.x, sum[h].x), sum[h].y = fmaf(weight, v.y, sum[h].y);
      sum[h].z = fmaf(weight, v.z, sum[h].z), sum[h].w = fmaf(weight, v.w, sum[h].w);
    }
  }
#pragma unroll
  for (int h = 0; h < kHeads; ++h) {
    sums[group][h][column] = sum[h].x, sums[group][h][column + 1] = sum[h].y;
    sums[group][h][column + 2] = sum[h].z, sums[group][h][column + 3] = sum[h].w;
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < heads * kDim; i += kDecodeThreads) {
    const int h = i / kDim, c = i % kDim;
    float value = sums[0][h][c];
#pragma unroll
    for (int g = 1; g < kGroups; ++g) value += sums[g][h][c];
    if (keys <= kSplit) {
      a.y[s.first_row * a.y_stride + (head + h) * kDim + c] = value / total[h];
      continue;
    }
    float* to = partial_of(partials, a, splits, blockIdx.z, static_cast<int>(blockIdx.x), head + h);
    to[kPartialHead + c] = value;
    if (c == 0) to[0] = most[h], to[1] = total[h];
  }
}

// One head of one sequence in a thread block, a column in each of kDim threads.
template <int kDim>
__global__ void __launch_bounds__(kDim) join_splits_kernel(const AttentionArgs a, float* partials, int splits) {
  let_next_begin();
  wait_for_earlier();
  const AttentionSequence s = a.sequences[blockIdx.y];
  if (s.queries != 1) return;
  const int keys = visible_keys(a, s, s.position), mine = (keys + kSplit - 1) / kSplit, head = static_cast<int>(blockIdx.x);
  if (mine <= 1) return;
  float most = -INFINITY;
  for (int i = 0; i < mine; ++i) most = fmaxf(most, partial_of(partials, a, splits, blockIdx.y, i, head)[0]);
  float total = 0, sum = 0;
  for (int i = 0; i < mine; ++i) {
    const float* from = partial_of(partials, a, splits, blockIdx.y, i, head);
    const float weight = expf(from[0] - most);
    total = fmaf(weight, from[1], total);
    sum = fmaf(weight, from[kPartialHead + threadIdx.x], sum);
  }
  a.y[s.first_row * a.y_stride + head * kDim + threadIdx.x] = sum / total;
}

}  // namespace gpa::cuda
