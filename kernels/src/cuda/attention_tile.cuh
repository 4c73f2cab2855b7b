// Attention of sequences with many queries: 64 queries of a head in a thread block, which walks over the keys in tiles of 64 and keeps
// for each query the largest score so far, the sum of the weights and the weighted values (Milakov & Gimelshein 2018; Dao et al. 2022).
// Tiles begin at key 0, 64, ..., and a tile that a query does not see leaves its sums as they are: what comes out for a query depends on
// its position and the keys alone. All in f32.
#pragma once
#include "cuda/attention.cuh"

namespace gpa::cuda {

constexpr int kTileQueries = 64, kTileKeys = 64, kTileThreads = 256;

template <int kDim>
struct AttentionTile {
  static constexpr int kPitch = kDim + 4;  // 16 lanes that read 16 rows meet no bank twice
  float q[kTileQueries][kPitch];
  union {
    float k[kTileKeys][kPitch];
    float weights[kTileQueries][kTileKeys + 4];
  };
  float v[kTileKeys][kDim];
};

__device__ inline void store_four(float* to, float4 v) { *reinterpret_cast<float4*>(to) = v; }
__device__ inline float4 read_four(const float* from) { return *reinterpret_cast<const float4*>(from); }

template <int kDim>
__device__ void load_queries(const AttentionArgs& a, const AttentionSequence& s, int query, int head, AttentionTile<kDim>& tile) {
  for (int i = static_cast<int>(threadIdx.x); i < kTileQueries * kDim / 4; i += kTileThreads) {
    const int row = i / (kDim / 4), column = i % (kDim / 4) * 4;
    float4 v = make_float4(0, 0, 0, 0);
    if (query + row < s.queries) {
      const float* from = a.q + (s.first_row + query + row) * a.q_stride + head * kDim + column;
      v = load_four<DType::kF32>(reinterpret_cast<const char*>(from));
    }
    store_four(&tile.q[row][column], make_float4(v.x * a.scale, v.y * a.scale, v.z * a.scale, v.w * a.scale));
  }
}

template <DType kv_type, int kDim>
__device__ void load_keys(const AttentionArgs& a, const AttentionSequence& s, int first, int kv_head, AttentionTile<kDim>& tile) {
#pragma unroll 4
  for (int i = static_cast<int>(threadIdx.x); i < kTileKeys * kDim / 4; i += kTileThreads) {
    const int row = i / (kDim / 4), column = i % (kDim / 4) * 4;
    const bool there = first + row < s.keys;
    const int at = column * kElementBytes<kv_type>;
    const float4 zero = make_float4(0, 0, 0, 0);
    store_four(&tile.k[row][column], there ? load_four<kv_type>(element_of<kv_type>(a, s, first + row, kv_head, a.k_offset) + at) : zero);
    store_four(&tile.v[row][column], there ? load_four<kv_type>(element_of<kv_type>(a, s, first + row, kv_head, a.v_offset) + at) : zero);
  }
}

// A thread has four queries, y + 16 i, and of each four keys, x + 16 j; later of each kDim / 64 times four columns, 4 x + 64 j.
template <int kDim>
__device__ void score_tile(const AttentionTile<kDim>& tile, int x, int y, float (&score)[4][4]) {
#pragma unroll 4
  for (int d = 0; d < kDim; d += 4) {
    float4 q[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) q[i] = read_four(&tile.q[y + 16 * i][d]);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float4 k = read_four(&tile.k[x + 16 * j][d]);
#pragma unroll
      for (int i = 0; i < 4; ++i)
        score[i][j] = fmaf(q[i].w, k.w, fmaf(q[i].z, k.z, fmaf(q[i].y, k.y, fmaf(q[i].x, k.x, score[i][j]))));
    }
  }
}

// score becomes the weights; `faded` is what the sums so far are worth by the new largest score.
__device__ inline void weigh_row(int first, int x, int visible, float (&score)[4], float& most, float& total, float& faded) {
  float largest = -INFINITY;
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    if (first + x + 16 * j >= visible) score[j] = -INFINITY;
    largest = fmaxf(largest, score[j]);
  }
#pragma unroll
  for (int lanes = 8; lanes > 0; lanes /= 2) largest = fmaxf(largest, __shfl_xor_sync(kAllLanes, largest, lanes));
  largest = fmaxf(largest, most);
  faded = expf(most - largest);
  most = largest;
  float sum = 0;
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    score[j] = expf(score[j] - largest);
    sum += score[j];
  }
#pragma unroll
  for (int lanes = 8; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(kAllLanes, sum, lanes);
  total = fmaf(total, faded, sum);
}

template <int kDim>
__device__ void add_values(const AttentionTile<kDim>& tile, int x, int y, float4 (&sum)[4][kDim / 64]) {
#pragma unroll 2
  for (int key = 0; key < kTileKeys; key += 4) {
    float weight[4][4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float4 w = read_four(&tile.weights[y + 16 * i][key]);
      weight[i][0] = w.x, weight[i][1] = w.y, weight[i][2] = w.z, weight[i][3] = w.w;
    }
#pragma unroll
    for (int k = 0; k < 4; ++k) {
#pragma unroll
      for (int j = 0; j < kDim / 64; ++j) {
        const float4 v = read_four(&tile.v[key + k][4 * x + 64 * j]);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          sum[i][j].x = fmaf(weight[i][k], v.x, sum[i][j].x), sum[i][j].y = fmaf(weight[i][k], v.y, sum[i][j].y);
          sum[i][j].z = fmaf(weight[i][k], v.z, sum[i][j].z), sum[i][j].w = fmaf(weight[i][k], v.w, sum[i][j].w);
        }
      }
    }
  }
}

template <DType kv_type, int kDim>
__global__ void __launch_bounds__(kTileThreads, 2) tile_attention_kernel(const AttentionArgs a) {
  GPA_DYNAMIC_SHARED(AttentionTile<kDim>, shared);
  AttentionTile<kDim>& tile = *shared;
  const AttentionSequence s = a.sequences[blockIdx.z];
  // The last queries of a causal mask see most keys: they begin first.
  const int query = static_cast<int>(gridDim.x - 1 - blockIdx.x) * kTileQueries, head = static_cast<int>(blockIdx.y);
  if (s.queries <= 1 || query >= s.queries) return;
  const int kv_head = head / static_cast<int>(a.heads / a.kv_heads);
  const int x = static_cast<int>(threadIdx.x % 16), y = static_cast<int>(threadIdx.x / 16);
  const int last = min(query + kTileQueries, static_cast<int>(s.queries)) - 1, keys = visible_keys(a, s, s.position + last);
  int visible[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) visible[i] = visible_keys(a, s, s.position + min(query + y + 16 * i, last));
  float most[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY}, total[4] = {};
  float4 sum[4][kDim / 64] = {};

  load_queries(a, s, query, head, tile);
  for (int first = 0; first < keys; first += kTileKeys) {
    __syncthreads();  // the weights and values of the tile before were used
    load_keys<kv_type>(a, s, first, kv_head, tile);
    __syncthreads();
    float score[4][4] = {};
    score_tile(tile, x, y, score);
    float faded[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) weigh_row(first, x, visible[i], score[i], most[i], total[i], faded[i]);
    __syncthreads();  // the keys were used: the weights take their place
#pragma unroll
    for (int i = 0; i < 4; ++i) {
#pragma unroll
      for (int j = 0; j < 4; ++j) tile.weights[y + 16 * i][x + 16 * j] = score[i][j];
#pragma unroll
      for (int j = 0; j < kDim / 64; ++j) sum[i][j].x *= faded[i], sum[i][j].y *= faded[i], sum[i][j].z *= faded[i], sum[i][j].w *= faded[i];
    }
    __syncthreads();
    add_values(tile, x, y, sum);
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (query + y + 16 * i > last) continue;
    float* to = a.y + (s.first_row + query + y + 16 * i) * a.y_stride + head * kDim + 4 * x;
#pragma unroll
    for (int j = 0; j < kDim / 64; ++j) {
      to[64 * j] = sum[i][j].x / total[i], to[64 * j + 1] = sum[i][j].y / total[i];
      to[64 * j + 2] = sum[i][j].z / total[i], to[64 * j + 3] = sum[i][j].w / total[i];
    }
  }
}

}  // namespace gpa::cuda
