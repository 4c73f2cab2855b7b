// Products of f32 activations with weights of any type, in f32, by plain fused multiply-adds.
#pragma once
#include "cuda/dequantize.cuh"
#include "cuda/launch.cuh"
#include "cuda/rounded.cuh"
#include "cuda/weight_stages.cuh"

namespace gpa::cuda {

// Eight 16-bit floats of one load.
template <DType type>
__device__ inline void open_eight(uint4 v, float (&w)[8]) {
  const uint32_t words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    const auto bits = static_cast<uint16_t>(words[i / 2] >> 16 * (i % 2));
    w[i] = element<type>(&bits, 0);
  }
}

// w[i] = the value of column k + i of a row in any memory, k a multiple of 8; zeros from `depth` on.
template <DType type>
__device__ inline void read_eight(const uint8_t* row, int k, int depth, float (&w)[8]) {
  if constexpr (dtype_quantized(type)) {
    decode_eight<type>(row, k, w);
  } else {
    const bool whole = k + 8 <= depth;
    const uint8_t* from = row + static_cast<int64_t>(k) * (type == DType::kF32 ? 4 : 2);
    if (whole && reinterpret_cast<uintptr_t>(from) % 16 == 0) {
      if constexpr (type == DType::kF32)
        load_eight(reinterpret_cast<const float*>(from), true, w);
      else
        open_eight<type>(*reinterpret_cast<const uint4*>(from), w);
    } else {
#pragma unroll
      for (int i = 0; i < 8; ++i) w[i] = k + i < depth ? element<type>(row, k + i) : 0.0f;
    }
  }
}

// Up to kFewRows rows of a linear layer, eight rows of weights in a thread block. Four lanes share a row of weights, each with the
// rows q, q + 4 ... of x.
constexpr int kFewRows = 16, kFewColumns = 8;
template <DType type>
constexpr int kFewChunk = type == DType::kF32 ? 8 : 16;  // blocks of K in a stage
template <DType type>
using FewStages = WeightStages<type, kFewColumns, kFewChunk<type>, 3>;
constexpr int kFewSumBytes = kWarps * kFewRows * kFewColumns * static_cast<int>(sizeof(float));
template <DType type>
constexpr int kFewShared = FewStages<type>::kBytes > kFewSumBytes ? FewStages<type>::kBytes : kFewSumBytes;

// sum[j] += columns k ... k + 31 of a chunk, whose first column is `begin`, for row first + 4 j.
template <DType type>
__device__ inline void add_few_rows(const Products& p, const uint8_t* weights, int begin, int k, int first, float (&sum)[4]) {
#pragma unroll
  for (int t = 0; t < 4; ++t, k += 8) {
    float w[8];
    read_eight<type>(weights, k, p.depth - begin, w);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      if (first + 4 * j >= p.rows) continue;
      float x[8];
      read_eight<DType::kF32>(reinterpret_cast<const uint8_t*>(p.x + static_cast<int64_t>(first + 4 * j) * p.depth), begin + k, p.depth, x);
#pragma unroll
      for (int i = 0; i < 8; ++i) sum[j] = fmaf(x[i], w[i], sum[j]);
    }
  }
}

template <DType type>
__global__ void __launch_bounds__(kThreads, 4) exact_few_kernel(const Products p) {
  GPA_DYNAMIC_SHARED(uint8_t, shared);
  constexpr int kChunkColumns = kFewChunk<type> * kLevelBlock;
  const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
  const Tile tile = tile_of_block(p, kFewRows, kFewColumns);
  const FewStages<type> stages(shared, p.map[tile.map], tile);
  float sum[4] = {};
  stages.begin();
  for (int chunk = 0; chunk * kChunkColumns < p.depth; ++chunk) {
    stages.advance(chunk);
    const uint8_t* weights = stages.row(chunk, lane / 4);
    const int begin = chunk * kChunkColumns, here = min(kChunkColumns, p.depth - begin);
    for (int k = warp * kLevelBlock; k < here; k += kWarps * kLevelBlock) add_few_rows<type>(p, weights, begin, k, lane % 4, sum);
  }
  __syncthreads();  // the stages become the sums' place
  auto* sums = reinterpret_cast<float*>(shared);
#pragma unroll
  for (int j = 0; j < 4; ++j) sums[(warp * 4 + j) * 32 + lane] = sum[j];
  __syncthreads();
  add_warps<kFewRows, kFewColumns>(p, tile, sums, [](int row, int column) { return row / 4 * 32 + column * 4 + row % 4; });
}

// 64 rows by 32 columns of C in a thread block. Each warp has its own blocks of K, hence its own stages: eight columns of K of all
// rows, in rows of 12 floats (lanes that read eight rows at once meet no bank twice). A lane has 8 x 8 sums.
constexpr int kTileRows = 64, kTileColumns = 32, kStep = 8, kStagePitch = kStep + 4;
struct ExactStage {
  float x[kTileRows][kStagePitch];
  float w[kTileColumns][kStagePitch];
};
constexpr int kExactShared = kWarps * 2 * static_cast<int>(sizeof(ExactStage));
static_assert(kExactShared >= kWarps * kTileRows * kTileColumns * static_cast<int>(sizeof(float)));

// Columns k ... k + 7 of the tile's rows of A: four pieces of four floats by each lane.
__device__ inline void fetch_rows(const Products& p, const Tile& tile, int k, ExactStage& to) {
  const int lane = static_cast<int>(threadIdx.x % 32), column = lane % 2 * 4;
  const float* x = p.x + tile.group * p.run;
  if (p.in_fours) {
    const int tap = p.taps == 1 ? 0 : (k + column) / p.run, channel = k + column - tap * p.run;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 2 + 16 * i;
      const int64_t frame = p.frame_of(tile.row + row, tap);
      const bool inside = k + column < p.depth && tile.row + row < p.rows && frame >= 0 && frame < p.frames;
      copy_16_async(&to.x[row][column], inside ? x + frame * p.channels + channel : p.x, inside ? 16 : 0);
    }
  } else {
    for (int i = 0; i < 16; ++i) {
      const int row = lane / 2 + 16 * (i / 4), at = k + column + i % 4, tap = at / p.run;
      const int64_t frame = p.frame_of(tile.row + row, tap);
      const bool inside = at < p.depth && tile.row + row < p.rows && frame >= 0 && frame < p.frames;
      to.x[row][column + i % 4] = inside ? x[frame * p.channels + at - tap * p.run] : 0.0f;
    }
  }
  __pipeline_commit();
}

__device__ inline void multiply_stage(const ExactStage& stage, float (&sum)[8][8]) {
  const int lane = static_cast<int>(threadIdx.x % 32);
#pragma unroll
  for (int k = 0; k < kStep; k += 4) {
    float4 x[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) x[i] = *reinterpret_cast<const float4*>(&stage.x[lane / 4 + 8 * i][k]);
#pragma unroll
    for (int j = 0; j < 8; ++j) {
      const float4 w = *reinterpret_cast<const float4*>(&stage.w[lane % 4 + 4 * j][k]);
#pragma unroll
      for (int i = 0; i < 8; ++i)
        sum[i][j] = fmaf(x[i].w, w.w, fmaf(x[i].z, w.z, fmaf(x[i].y, w.y, fmaf(x[i].x, w.x, sum[i][j]))));
    }
  }
}

template <DType type>
__global__ void __launch_bounds__(kThreads, 2) exact_tile_kernel(const Products p) {
  GPA_DYNAMIC_SHARED(ExactStage, stages);
  const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
  const Tile tile = tile_of_block(p, kTileRows, kTileColumns);
  const Map& map = p.map[tile.map];
  ExactStage* mine = stages + 2 * warp;
  const uint8_t* weights = map.w + (static_cast<int64_t>(tile.group) * map.columns + min(tile.column + lane, map.columns - 1)) * map.row_bytes;
  // Step s of the warp: eight columns of K, four steps a block.
  const auto column_of = [&](int s) { return (warp + kWarps * (s / 4)) * kLevelBlock + s % 4 * kStep; };
  float sum[8][8] = {};
  float w[8];
  if (column_of(0) < p.depth) {
    fetch_rows(p, tile, column_of(0), mine[0]);
    read_eight<type>(weights, column_of(0), p.depth, w);
  }
  for (int s = 0; column_of(s) < p.depth; ++s) {
    ExactStage& stage = mine[s % 2];
    *reinterpret_cast<float4*>(&stage.w[lane][0]) = make_float4(w[0], w[1], w[2], w[3]);
    *reinterpret_cast<float4*>(&stage.w[lane][4]) = make_float4(w[4], w[5], w[6], w[7]);
    const int next = column_of(s + 1);
    if (next < p.depth) {
      fetch_rows(p, tile, next, mine[(s + 1) % 2]);
      read_eight<type>(weights, next, p.depth, w);
      __pipeline_wait_prior(1);
    } else {
      __pipeline_wait_prior(0);
    }
    __syncwarp();
    multiply_stage(stage, sum);
    __syncwarp();
  }

  __syncthreads();  // the stages become the sums' place
  auto* sums = reinterpret_cast<float*>(stages);
#pragma unroll
  for (int i = 0; i < 8; ++i)
#pragma unroll
    for (int j = 0; j < 8; ++j) sums[warp * kTileRows * kTileColumns + (i * 8 + j) * 32 + lane] = sum[i][j];
  __syncthreads();
  add_warps<kTileRows, kTileColumns>(p, tile, sums, [](int row, int column) {
    return (row / 8 * 8 + column / 4) * 32 + row % 8 * 4 + column % 4;
  });
}

}  // namespace gpa::cuda
