// Exact products of few rows, or of few columns: the warps of a thread block share K.
#pragma once
#include "cuda/exact_product.cuh"

namespace gpa::cuda {

constexpr int kMostOwnBytes = 32 << 10;  // for rows that a thread block splits ahead

// 16 kM rows by 8 kN columns of C. A chunk of K is one block for each warp, or two; warp f adds what all of them found for fragment f, in
// the order of the blocks.
template <DType type, int kM, int kN>
struct FewKernel {
  static constexpr int kRows = 16 * kM, kColumns = 8 * kN, kFragments = kM * kN;
  static_assert(kFragments <= kWarps);
  static constexpr int kChunk = kM > 1 || type == DType::kF32 ? kWarps : 2 * kWarps;
  static constexpr int kChunkBytes = static_cast<int>(dtype_bytes(type, kChunk * kLevelBlock));  // of a row
  static constexpr int kStages = kN > 1 ? 2 + (kChunkBytes <= 512) : larger(3, kChunkBytes < 320 ? 8 : 2560 / kChunkBytes);
  using Stages = WeightStages<type, kColumns, kChunk, kStages>;
  using Result = FinishedTile<kRows, kColumns, kThreads>;
  static constexpr int kSharedBytes = Stages::kBytes + kChunk * kFragments * 32 * static_cast<int>(sizeof(float4));
  static_assert(kSharedBytes >= Result::kBytes && kSharedBytes + (kM == 1 ? kMostOwnBytes : 0) <= kMostShared);
};

// Up to eight rows of a linear layer, split into shared memory by the whole thread block: one row keeps all of its threads busy.
struct OwnParts {
  uint4* parts;  // [rows][pitch], of which a block of K takes [3][4]
  int rows, blocks, pitch;

  static constexpr int kMost = 8;
  static __host__ __device__ int blocks_of(int depth) { return (depth + kLevelBlock - 1) / kLevelBlock; }
  // An odd number of half lines of banks: two rows are read at once.
  static __host__ __device__ int pitch_of(int depth) { return 12 * blocks_of(depth) + (blocks_of(depth) % 2 ? 0 : 4); }
  static size_t bytes(int64_t rows, int depth) { return static_cast<size_t>(rows * pitch_of(depth)) * sizeof(uint4); }

  __device__ void split(const Products& p) const {
    for (int i = static_cast<int>(threadIdx.x); i < rows * blocks * 4; i += kThreads) {
      const int row = i / (4 * blocks), eight = i - row * 4 * blocks;
      float x[8];
      read_eight<DType::kF32>(reinterpret_cast<const uint8_t*>(p.x + static_cast<int64_t>(row) * p.depth), 8 * eight, p.depth, x);
      const Parts<3> split = split_eight<3>(x);
#pragma unroll
      for (int j = 0; j < 3; ++j) parts[row * pitch + eight / 4 * 12 + j * 4 + eight % 4] = split.part[j];
    }
  }
  __device__ RowParts fragment(int block) const {
    const int lane = static_cast<int>(threadIdx.x % 32);
    RowParts out{};
    if (lane / 4 >= rows) return out;
#pragma unroll
    for (int j = 0; j < 3; ++j) out.rows[0].part[j] = parts[lane / 4 * pitch + block * 12 + j * 4 + lane % 4];
    return out;
  }
};

// kOwn: the rows are few and plain, and the thread block splits them before it begins (OwnParts).
template <DType type, int kM, int kN, bool kOwn>
__global__ void __launch_bounds__(kThreads, kOwn ? 4 : kM == 1 ? 3 : 2) exact_few_kernel(const Products p) {
  using K = FewKernel<type, kM, kN>;
  GPA_DYNAMIC_SHARED(uint8_t, shared);
  auto* values = reinterpret_cast<float4*>(shared + K::Stages::kBytes);  // [kChunk][kFragments][32]
  const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
  const int blocks = (p.depth + kLevelBlock - 1) / kLevelBlock;
  const Tile tile = tile_of_block(p, K::kRows, K::kColumns);
  const typename K::Stages stages(shared, p.map[tile.map], tile);
  RowReader<kM, false> reader(p, tile.group, tile.row, warp);
  float sum[4] = {}, x[2][8];

  const OwnParts own{reinterpret_cast<uint4*>(shared + K::kSharedBytes), static_cast<int>(p.rows), blocks, OwnParts::pitch_of(p.depth)};
  stages.begin();
  if constexpr (kOwn)
    own.split(p);  // whoever passes the first barrier sees all of it
  else
    reader.read(0, x);
  for (int chunk = 0; chunk * K::kChunk < blocks; ++chunk) {
    stages.advance(chunk);
    const int here = min(K::kChunk, blocks - chunk * K::kChunk), left = p.depth - chunk * K::kChunk * kLevelBlock;
    for (int b = warp; b < here; b += kWarps) {
      ColumnParts<type, kN> columns;
#pragma unroll
      for (int n = 0; n < kN; ++n) {
        columns.w[n] = open_columns<type>(stages.row(chunk, 8 * n + lane / 4), b, lane % 4, left);
#pragma unroll
        for (int j = 0; j < 2; ++j) columns.factors[n][j] = block_factors<type>(stages.row(chunk, 8 * n + lane % 4 * 2 + j), b);
      }
#pragma unroll
      for (int m = 0; m < kM; ++m) {
        RowParts rows[1];
        if constexpr (kOwn) {
          rows[0] = own.fragment(chunk * K::kChunk + b);
        } else {
          rows[0].rows[0] = split_eight<3>(x[0]);
          rows[0].rows[1] = tile.row + 16 * m + 8 < p.rows ? split_eight<3>(x[1]) : Parts<3>{};
          if (m + 1 == kM) reader.advance(kWarps);
          reader.read((m + 1) % kM, x);
        }
        float value[1][kN][4];
        columns.values(rows, value);
#pragma unroll
        for (int n = 0; n < kN; ++n)
          values[(b * K::kFragments + m * kN + n) * 32 + lane] = make_float4(value[0][n][0], value[0][n][1], value[0][n][2], value[0][n][3]);
      }
    }
    __syncthreads();
    if (warp < K::kFragments) {
      for (int i = 0; i < here; ++i) {
        const float4 v = values[(i * K::kFragments + warp) * 32 + lane];
        sum[0] += v.x, sum[1] += v.y, sum[2] += v.z, sum[3] += v.w;
      }
    }
  }

  __syncthreads();  // all of shared memory becomes the tile's place
  const typename K::Result result{reinterpret_cast<float*>(shared)};
  if (warp < K::kFragments) result.put(warp / kN * 16, warp % kN * 8, sum);
  __syncthreads();
  result.store(p, tile);
}

}  // namespace gpa::cuda
