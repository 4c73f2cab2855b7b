// Exact products of many rows: all warps of a thread block go along K together, each with its own rows.
#pragma once
#include "cuda/exact_launch.h"
#include "cuda/exact_product.cuh"

namespace gpa::cuda {

// 64 kM rows by 96 columns of C by four warps, each with kM fragments of rows and all columns: rows of x go from memory to registers and
// are split there once. The weights of a block of K are opened into shared memory by all, one block ahead.
constexpr int kTileWarps = 4, kTileThreads = 32 * kTileWarps;
static_assert(4 * kTileColumns % kTileThreads == 0);
struct alignas(16) FactorPair {
  float2 of[2];
};
template <DType type>
struct OpenedBlock {
  uint4 parts[kWeightParts<type>][kTileColumns][4];
  FactorPair factors[kTileColumns / 2];
};

template <DType type, int kM>
struct TileKernel {
  static constexpr int kRows = 16 * kM * kTileWarps;
  static_assert(kRows == tile_rows(kM));
  static constexpr int kChunk = dtype_quantized(type) ? 8 : type == DType::kF32 ? 1 : 2;
  using Stages = WeightStages<type, kTileColumns, kChunk, 2, kTileThreads>;
  using Result = FinishedTile<kRows, kTileColumns, kTileThreads>;
  static constexpr int kSharedBytes = larger(Stages::kBytes + 2 * static_cast<int>(sizeof(OpenedBlock<type>)), Result::kBytes);
  static_assert(kSharedBytes <= kMostShared);
  static constexpr int kGroup = 4 / kM;  // fragments of columns that are multiplied together: four chains of products
};

template <DType type, class Stages>
__device__ inline void open_block(const Stages& stages, int chunk_blocks, int block, int depth, OpenedBlock<type>& to) {
  const int chunk = block / chunk_blocks, b = block % chunk_blocks, left = depth - chunk * chunk_blocks * kLevelBlock;
#pragma unroll
  for (int i = 0; i < 4 * kTileColumns / kTileThreads; ++i) {
    const int column = (i * kTileThreads + static_cast<int>(threadIdx.x)) / 4, t = static_cast<int>(threadIdx.x) % 4;
    const uint8_t* row = stages.row(chunk, column);
    const WeightParts<type> w = open_columns<type>(row, b, t, left);
#pragma unroll
    for (int j = 0; j < kWeightParts<type>; ++j) to.parts[j][column][t] = w.part[j];
    if (dtype_quantized(type) && t == 0) to.factors[column / 2].of[column % 2] = block_factors<type>(row, b);
  }
}

template <DType type, int kN>
__device__ inline void load_columns(const OpenedBlock<type>& from, int column, ColumnParts<type, kN>& to) {
  const int lane = static_cast<int>(threadIdx.x % 32);
#pragma unroll
  for (int n = 0; n < kN; ++n) {
#pragma unroll
    for (int j = 0; j < kWeightParts<type>; ++j) to.w[n].part[j] = from.parts[j][column + 8 * n + lane / 4][lane % 4];
    if constexpr (dtype_quantized(type)) {
      const FactorPair pair = from.factors[column / 2 + 4 * n + lane % 4];
      to.factors[n][0] = pair.of[0];
      to.factors[n][1] = pair.of[1];
    }
  }
}

// p.in_fours must hold.
template <DType type, int kM>
__global__ void __launch_bounds__(kTileThreads, kM == 1 ? 3 : 2) exact_tile_kernel(const Products p) {
  using K = TileKernel<type, kM>;
  GPA_DYNAMIC_SHARED(uint8_t, shared);
  auto* opened = reinterpret_cast<OpenedBlock<type>*>(shared + K::Stages::kBytes);
  const int warp = static_cast<int>(threadIdx.x / 32), blocks = (p.depth + kLevelBlock - 1) / kLevelBlock;
  const Tile tile = tile_of_block(p, K::kRows, kTileColumns);
  const typename K::Stages stages(shared, p.map[tile.map], tile);
  RowReader<kM, true> reader(p, tile.group, tile.row + warp * 16 * kM, 0);
  float sum[kM][kTileColumns / 8][4] = {}, x[kM][2][8];

  stages.begin();
#pragma unroll
  for (int m = 0; m < kM; ++m) reader.read(m, x[m]);
  stages.advance(0);
  open_block<type>(stages, K::kChunk, 0, p.depth, opened[0]);
  for (int b = 0; b < blocks; ++b) {
    if ((b + 1) % K::kChunk == 0)
      stages.advance((b + 1) / K::kChunk);  // with a barrier
    else
      __syncthreads();
    if (b + 1 < blocks) open_block<type>(stages, K::kChunk, b + 1, p.depth, opened[(b + 1) % 2]);
    RowParts rows[kM];
    reader.advance(1);
#pragma unroll
    for (int m = 0; m < kM; ++m) {
      rows[m] = {split_eight<3>(x[m][0]), split_eight<3>(x[m][1])};
      reader.read(m, x[m]);
    }
#pragma unroll
    for (int n = 0; n < kTileColumns / 8; n += K::kGroup) {
      if (tile.column + 8 * n >= p.map[tile.map].columns) continue;
      ColumnParts<type, K::kGroup> columns;
      load_columns<type>(opened[b % 2], 8 * n, columns);
      float value[kM][K::kGroup][4];
      columns.values(rows, value);
#pragma unroll
      for (int m = 0; m < kM; ++m)
#pragma unroll
        for (int i = 0; i < 4 * K::kGroup; ++i) sum[m][n + i / 4][i % 4] = __fadd_rn(sum[m][n + i / 4][i % 4], value[m][i / 4][i % 4]);
    }
  }

  __syncthreads();  // all of shared memory becomes the tile's place
  const typename K::Result result{reinterpret_cast<float*>(shared)};
#pragma unroll
  for (int m = 0; m < kM; ++m)
#pragma unroll
    for (int n = 0; n < kTileColumns / 8; ++n) result.put((warp * kM + m) * 16, 8 * n, sum[m][n]);
  __syncthreads();
  result.store(p, tile);
}

template <int kM>
void multiply_exact_tiles(CudaQueue& queue, Products& p, DType type) {
  with_type(type, [&]<DType kType>() {
    using K = TileKernel<kType, kM>;
    launch_when(true, queue, exact_tile_kernel<kType, kM>, cut_tiles(p, K::kRows, kTileColumns), kTileThreads, K::kSharedBytes, p);
  });
}

}  // namespace gpa::cuda
