// Products of f32 activations with weights of any type, as exact as in f32, by tensor cores (bf16_parts.cuh).
#pragma once
#include "cuda/dequantize.cuh"
#include "cuda/exact_rows.cuh"
#include "cuda/launch.cuh"
#include "cuda/weight_stages.cuh"

namespace gpa::cuda {

template <DType type>
constexpr int kWeightParts = type == DType::kF32 ? 3 : type == DType::kF16 ? 2 : 1;
template <DType type>
using WeightParts = Parts<kWeightParts<type>>;

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

// w[i] = the value of column k + i of a row of floats, k a multiple of 8; zeros from `depth` on.
template <DType type>
__device__ inline void read_eight(const uint8_t* row, int k, int depth, float (&w)[8]) {
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

// Four signed bytes as floats: with its top bit turned, a byte is the end of the float 2^23 + 128 + its value.
__device__ inline void level_floats(uint32_t bytes, float* to) {
#pragma unroll
  for (uint32_t i = 0; i < 4; ++i) to[i] = __uint_as_float(__byte_perm(bytes ^ 0x80808080u, 0x4b000000u, 0x7440u + i)) - 8388736.0f;
}

// Columns 8t ... 8t + 7 of block b of a chunk in shared memory, behind whose begin `depth` columns follow: values, or levels of a block type.
template <DType type>
__device__ inline WeightParts<type> open_columns(const uint8_t* chunk, int b, int t, int depth) {
  float w[8];
  if constexpr (dtype_quantized(type)) {
    using F = Levels<type>;
    const EightLevels levels = F::template eight<SharedBytes>(chunk + b / F::kBlocks * F::kBytes, b % F::kBlocks, t);
    level_floats(levels.low, w);
    level_floats(levels.high, w + 4);
  } else {
    read_eight<type>(chunk, b * kLevelBlock + 8 * t, depth, w);
  }
  return split_eight<kWeightParts<type>>(w);
}

// What a block's sums of levels are multiplied by: the scale and the minimum, or the scales of the halves.
template <DType type>
__device__ inline float2 block_factors(const uint8_t* chunk, int b) {
  if constexpr (dtype_quantized(type)) {
    using F = Levels<type>;
    const uint8_t* stored = chunk + b / F::kBlocks * F::kBytes;
    const int sub = b % F::kBlocks;
    return make_float2(F::scale(stored, sub, 0), F::kHalves ? F::scale(stored, sub, 1) : F::min(stored, sub));
  } else {
    return make_float2(0, 0);
  }
}

// The weights of 8 kN columns of C at one block of K, as a warp multiplies them. factors: of columns 2t and 2t + 1.
template <DType type, int kN>
struct ColumnParts {
  WeightParts<type> w[kN];
  float2 factors[kN][2];

  // Columns of K of one half only: lanes that hold those of the other count as zeros.
  template <int kM>
  __device__ void multiply_half(const RowParts (&x)[kM], int half, float (&sum)[kM][kN][4]) const {
    const bool other = static_cast<int>(threadIdx.x % 4 / 2) != half;
    Parts<1> masked[kN];
#pragma unroll
    for (int n = 0; n < kN; ++n) masked[n].part[0] = other ? make_uint4(0, 0, 0, 0) : w[n].part[0];
    multiply_block(x, masked, sum);
  }

  // value[m][n]: what the block gives to the sums of 16 rows and 8 columns. Rounded to f32, so that it may be added here or elsewhere.
  template <int kM>
  __device__ void values(const RowParts (&x)[kM], float (&value)[kM][kN][4]) const {
#pragma unroll
    for (int i = 0; i < kM * kN * 4; ++i) value[i / (4 * kN)][i / 4 % kN][i % 4] = 0;
    if constexpr (!dtype_quantized(type)) {
      multiply_block(x, w, value);
    } else if constexpr (Levels<type>::kHalves) {
      float upper[kM][kN][4] = {};
      multiply_half(x, 0, value);
      multiply_half(x, 1, upper);
      finish_each(value, [&](int m, int n, int i, float lower) {
        return fmaf(upper[m][n][i], factors[n][i % 2].y, __fmul_rn(lower, factors[n][i % 2].x));
      });
    } else if constexpr (Levels<type>::kHasMin) {
      constexpr uint32_t kOnes = 0x3f803f80u;  // as weights, they give the sums of the rows of x
      const Parts<1> ones[1] = {{{make_uint4(kOnes, kOnes, kOnes, kOnes)}}};
      float row_sums[kM][1][4] = {};
      multiply_block(x, ones, row_sums);
      multiply_block(x, w, value);
      finish_each(value, [&](int m, int n, int i, float sum) {
        return fmaf(-factors[n][i % 2].y, row_sums[m][0][i], __fmul_rn(sum, factors[n][i % 2].x));
      });
    } else {
      multiply_block(x, w, value);
      finish_each(value, [&](int, int n, int i, float sum) { return __fmul_rn(sum, factors[n][i % 2].x); });
    }
  }

 private:
  template <int kM, class Finish>
  static __device__ void finish_each(float (&value)[kM][kN][4], Finish finish) {
#pragma unroll
    for (int m = 0; m < kM; ++m)
#pragma unroll
      for (int n = 0; n < kN; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) value[m][n][i] = finish(m, n, i, value[m][n][i]);
  }
};

// A tile of C in shared memory: the fragments' stores, and reads along its rows, meet no bank twice.
template <int kRows, int kColumns, int kBlock>
struct FinishedTile {
  static constexpr int kPitch = kColumns + (kColumns % 32 == 0 ? 8 : 0);
  static constexpr int kBytes = kRows * kPitch * static_cast<int>(sizeof(float));
  float* sums;

  // Rows row + g and row + g + 8, columns column + 2t and column + 2t + 1.
  __device__ void put(int row, int column, const float (&sum)[4]) const {
    const int lane = static_cast<int>(threadIdx.x % 32);
    float* to = sums + (row + lane / 4) * kPitch + column + lane % 4 * 2;
    *reinterpret_cast<float2*>(to) = make_float2(sum[0], sum[1]);
    *reinterpret_cast<float2*>(to + 8 * kPitch) = make_float2(sum[2], sum[3]);
  }
  __device__ void store(const Products& p, const Tile& tile) const {
    const Map& map = p.map[tile.map];
    for (int i = static_cast<int>(threadIdx.x); i < kRows * kColumns; i += kBlock) {
      const int row = i / kColumns, column = i % kColumns;
      if (tile.row + row >= p.rows || tile.column + column >= map.columns) continue;
      finish(map, tile.row + row, tile.group * map.columns + tile.column + column, sums[row * kPitch + column]);
    }
  }
};

constexpr int kMostShared = 99 << 10;  // bytes of a thread block on every GPU that is served

__host__ __device__ constexpr int larger(int a, int b) { return a > b ? a : b; }

}  // namespace gpa::cuda
