// Products of activations rounded to int8 with weights of a block type, by tensor cores. A thread block makes 16 kM rows by 8 kN
// columns of C.
#pragma once
#include "cuda/launch.cuh"
#include "cuda/mma.cuh"
#include "cuda/prologue.cuh"
#include "cuda/weight_stages.cuh"

namespace gpa::cuda {

// kM, kN: fragments of 16 rows and of 8 columns. kRounds: up to 8 rows of x, which the thread block rounds for itself (OwnRows);
// otherwise they were rounded before. kChunk: blocks of K in a stage.
template <DType type, int kM, int kN, int kChunk, int kStages, bool kRounds>
struct Int8Kernel {
  static constexpr int kRows = 16 * kM, kColumns = 8 * kN;
  using Stages = WeightStages<type, kColumns, kChunk, kStages>;
  static constexpr int kSumBytes = kWarps * kRows * kColumns * static_cast<int>(sizeof(float));
  static constexpr int kSharedBytes = Stages::kBytes > kSumBytes ? Stages::kBytes : kSumBytes;  // and OwnRows behind them
};

// The fragment of rows g and g + 8 at one block of K, and their factors.
struct RowFragment {
  uint32_t a[4];
  float2 factors[2];
};

__device__ inline void load_half(const RoundedFrames& x, int64_t frame, int block, bool inside, int half, RowFragment& to) {
  to.a[half] = to.a[2 + half] = 0;
  to.factors[half] = make_float2(0, 0);
  if (!inside) return;
  const int64_t at = x.block(frame, block);
  const uint2 levels = __ldg(reinterpret_cast<const uint2*>(x.levels + at * kLevelBlock) + threadIdx.x % 4);
  to.a[half] = levels.x;
  to.a[2 + half] = levels.y;
  to.factors[half] = __ldg(x.factors + at);
}

// Rows from `row` on; those past the end, and frames outside x, are zeros.
__device__ inline RowFragment load_fragment(const Products& p, const RoundedFrames& x, int64_t row, int b) {
  const int tap = p.taps == 1 ? 0 : b / x.per_frame, block = b - tap * x.per_frame;
  RowFragment out;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int64_t r = row + threadIdx.x % 32 / 4 + 8 * half, frame = p.frame_of(r, tap);
    load_half(x, frame, block, r < p.rows && frame >= 0 && frame < p.frames, half, out);
  }
  return out;
}

// Up to eight rows of a linear layer, rounded into shared memory after their prologue. Four threads take a block, whichever row it is
// of: one row keeps all of them busy. A row's norm is found by one warp.
struct OwnRows {
  uint8_t* levels;  // [rows][pitch], aligned to 16
  int rows, blocks, pitch;

  // Rows of levels are a multiple of 128 bytes and 32 more: those of four rows that are read at once lie in other banks.
  static __host__ __device__ int pitch_of(int depth) { return (depth + 127) / 128 * 128 + kLevelBlock; }
  static size_t bytes(int64_t rows, int depth) {
    const size_t factors = static_cast<size_t>(depth / kLevelBlock) * sizeof(float2);
    return static_cast<size_t>(rows) * (static_cast<size_t>(pitch_of(depth)) + factors + sizeof(float));
  }
  __device__ OwnRows(uint8_t* memory, const Products& p)
      : levels(memory), rows(static_cast<int>(p.rows)), blocks(p.depth / kLevelBlock), pitch(pitch_of(p.depth)) {}
  __device__ float2* factors() const { return reinterpret_cast<float2*>(levels + rows * pitch); }  // [rows][blocks]
  __device__ float* inverses() const { return reinterpret_cast<float*>(factors() + rows * blocks); }  // [rows]

  __device__ void round(const Products& p) const {
    const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32), t = lane % 4, all = rows * blocks;
    if (p.prologue.norm) {
      if (warp < rows) {
        const float inverse = inverse_rms_of(p, warp);
        if (lane == 0) inverses()[warp] = inverse;
      }
      __syncthreads();
    }
    for (int first = 8 * warp; first < all; first += 8 * kWarps) {
      const int i = first + lane / 4, row = i / blocks, b = i % blocks;
      float x[8] = {};
      if (i < all) load_entering(p, row, b * kLevelBlock + 8 * t, p.prologue.norm ? inverses()[row] : 0.0f, x);
      const RoundedEight rounded = round_eight(x);
      if (i >= all) continue;
      reinterpret_cast<uint2*>(levels + row * pitch + b * kLevelBlock)[t] = make_uint2(rounded.levels.low, rounded.levels.high);
      if (t == 0) factors()[i] = rounded.factors;
    }
  }
  __device__ RowFragment fragment(int b) const {
    const int row = static_cast<int>(threadIdx.x % 32 / 4);
    RowFragment out{};
    if (row < rows) {
      const uint2 v = reinterpret_cast<const uint2*>(levels + row * pitch + b * kLevelBlock)[threadIdx.x % 4];
      out.a[0] = v.x;
      out.a[2] = v.y;
      out.factors[0] = factors()[row * blocks + b];
    }
    return out;
  }
};

// Eight rows of weights at one block of K.
template <class F>
struct ColumnFragment {
  uint32_t b[2];
  float scale[2], min[2];  // of columns 2t and 2t + 1
  int half_scale[2][2];    // [column][half], where halves have their own

  // The stored blocks of the lane's row of b, and of columns 2t and 2t + 1.
  __device__ void load(const uint8_t* own, const uint8_t* const (&pair)[2], int offset, int sub) {
    const EightLevels levels = F::template eight<SharedBytes>(own + offset, sub, static_cast<int>(threadIdx.x % 4));
    b[0] = levels.low;
    b[1] = levels.high;
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      const uint8_t* stored = pair[j] + offset;
      if constexpr (F::kHalves) {
        scale[j] = F::common(stored);
        half_scale[j][0] = F::half_scale(stored, sub, 0);
        half_scale[j][1] = F::half_scale(stored, sub, 1);
      } else {
        scale[j] = F::scale(stored, sub, 0);
      }
      if constexpr (F::kHasMin) min[j] = F::min(stored, sub);
    }
  }

  // The block's integer sums as floats, exactly: below 2^24 with scales of halves in them, below 2^22 otherwise.
  __device__ void multiply(const RowFragment& x, float (&sums)[4]) const {
    if constexpr (F::kHalves) {
      const bool upper = threadIdx.x % 4 >= 2;  // these lanes hold columns of K from 16 on
      int first[4] = {}, second[4] = {};
      mma_int8(first, x.a, {upper ? 0u : b[0], upper ? 0u : b[1]});
      mma_int8(second, x.a, {upper ? b[0] : 0u, upper ? b[1] : 0u});
#pragma unroll
      for (int i = 0; i < 4; ++i) sums[i] = __int2float_rn(first[i] * half_scale[i & 1][0] + second[i] * half_scale[i & 1][1]);
    } else {
      // As bits of a float, 1.5 * 2^23 and a small integer added to them are the float 1.5 * 2^23 + that integer.
      constexpr int kBits = 0x4b400000;
      int sum[4] = {kBits, kBits, kBits, kBits};
      mma_int8(sum, x.a, {b[0], b[1]});
#pragma unroll
      for (int i = 0; i < 4; ++i) sums[i] = __int_as_float(sum[i]) - 12582912.0f;
    }
  }

  __device__ void add(const RowFragment& x, float (&to)[4]) const {
    float sums[4];
    multiply(x, sums);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      to[i] = fmaf(sums[i] * scale[i & 1], x.factors[i >> 1].x, to[i]);
      if constexpr (F::kHasMin) to[i] = fmaf(-min[i & 1], x.factors[i >> 1].y, to[i]);
    }
  }
};

template <DType type, int kM, int kN, int kChunk, int kStages, bool kRounds>
__global__ void __launch_bounds__(kThreads, kM == 1 ? 4 : 2) int8_product_kernel(const Products p, const RoundedFrames x) {
  using K = Int8Kernel<type, kM, kN, kChunk, kStages, kRounds>;
  using F = Levels<type>;
  GPA_DYNAMIC_SHARED(uint8_t, shared);
  const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
  const Tile tile = tile_of_block(p, K::kRows, K::kColumns);
  const Map& map = p.map[tile.map];
  const int blocks = p.depth / kLevelBlock, chunks = (blocks + kChunk - 1) / kChunk;
  const typename K::Stages stages(shared, map, tile);
  float sum[kM][kN][4] = {};

  stages.begin();
  const OwnRows own(shared + K::kSharedBytes, p);
  if constexpr (kRounds) own.round(p);  // whoever passes the first barrier sees all of it
  for (int chunk = 0; chunk < chunks; ++chunk) {
    stages.advance(chunk);
    const uint8_t *rows_of_b[kN], *pairs[kN][2];
#pragma unroll
    for (int n = 0; n < kN; ++n) {
      rows_of_b[n] = stages.row(chunk, 8 * n + lane / 4);
      pairs[n][0] = stages.row(chunk, 8 * n + 2 * (lane % 4));
      pairs[n][1] = stages.row(chunk, 8 * n + 2 * (lane % 4) + 1);
    }
    const int here = min(kChunk, blocks - chunk * kChunk);
    for (int b = warp; b < here; b += kWarps) {
      ColumnFragment<F> columns[kN];
#pragma unroll
      for (int n = 0; n < kN; ++n)
        columns[n].load(rows_of_b[n], pairs[n], b / F::kBlocks * F::kBytes, b % F::kBlocks);
#pragma unroll
      for (int m = 0; m < kM; ++m) {
        if (kM > 1 && tile.row + 16 * m >= p.rows) break;
        RowFragment rows;
        if constexpr (kRounds)
          rows = own.fragment(chunk * kChunk + b);
        else
          rows = load_fragment(p, x, tile.row + 16 * m, chunk * kChunk + b);
#pragma unroll
        for (int n = 0; n < kN; ++n) columns[n].add(rows, sum[m][n]);
      }
    }
  }

  __syncthreads();  // the stages become the sums' place
  auto* sums = reinterpret_cast<float*>(shared);
#pragma unroll
  for (int m = 0; m < kM; ++m)
#pragma unroll
    for (int n = 0; n < kN; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) sums[warp * K::kRows * K::kColumns + ((m * kN + n) * 4 + i) * 32 + lane] = sum[m][n][i];
  __syncthreads();
  add_warps<K::kRows, K::kColumns>(p, tile, sums, [](int row, int column) {
    const int i = column % 2 + row / 8 % 2 * 2;
    return ((row / 16 * kN + column / 8) * 4 + i) * 32 + row % 8 * 4 + column % 8 / 2;
  });
}

}  // namespace gpa::cuda
