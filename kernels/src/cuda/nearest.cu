// Nearest codes: tiles of 32 rows by 64 codes, then the tiles' nearest of each row. Each distance is one chain of f32 additions.
#include "cuda/launch.cuh"
#include "cuda/math.cuh"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

constexpr int kThreads = 256, kRows = 32, kCodes = 64, kColumns = 32, kPitch = kColumns + 4, kNone = 0x7fffffff;

// The two nearest so far; "far" is a squared distance, or minus a cosine.
struct Nearest {
  float best, second;
  int id;

  // Other codes' two nearest: of two that are as near the lower one stays.
  __device__ void join(float other_best, float other_second, int other_id) {
    if (other_best < best || (other_best == best && other_id < id)) {
      second = fminf(best, other_second);
      best = other_best;
      id = other_id;
    } else {
      second = fminf(second, other_best);
    }
  }
  __device__ void join_lanes(int lanes) {
    for (; lanes > 0; lanes /= 2)
      join(__shfl_xor_sync(kAllLanes, best, lanes), __shfl_xor_sync(kAllLanes, second, lanes), __shfl_xor_sync(kAllLanes, id, lanes));
  }
};

// to[r][c] = columns first ... of rows 0 ... count - 1 of a matrix; zeros elsewhere.
template <int kCount>
__device__ void load_tile(const float* from, int64_t count, int64_t cols, int64_t first, float (*to)[kPitch]) {
  for (int i = static_cast<int>(threadIdx.x); i < kCount * kColumns; i += kThreads) {
    const int row = i / kColumns, column = i % kColumns;
    to[row][column] = row < count && first + column < cols ? from[row * cols + first + column] : 0.0f;
  }
}

__device__ inline void add_squares(float4 v, float& sum) { sum = fmaf(v.w, v.w, fmaf(v.z, v.z, fmaf(v.y, v.y, fmaf(v.x, v.x, sum)))); }

// A thread has rows y and y + 16 and codes x + 16 j.
struct Distances {
  float sum[2][4] = {};
  float rows[2] = {}, codes[4] = {};  // squared norms, for cosines

  template <Metric metric>
  __device__ void add(const float (*row)[kPitch], const float (*code)[kPitch], int x, int y) {
#pragma unroll 2
    for (int k = 0; k < kColumns; k += 4) {
      float4 v[2];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        v[i] = *reinterpret_cast<const float4*>(&row[y + 16 * i][k]);
        if (metric == Metric::kCosine) add_squares(v[i], rows[i]);
      }
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const float4 c = *reinterpret_cast<const float4*>(&code[x + 16 * j][k]);
        if (metric == Metric::kCosine) add_squares(c, codes[j]);
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          if (metric == Metric::kCosine)
            sum[i][j] = fmaf(v[i].w, c.w, fmaf(v[i].z, c.z, fmaf(v[i].y, c.y, fmaf(v[i].x, c.x, sum[i][j]))));
          else
            add_squares(make_float4(v[i].x - c.x, v[i].y - c.y, v[i].z - c.z, v[i].w - c.w), sum[i][j]);
        }
      }
    }
  }
  // The zero vector's cosine with anything is 0.
  static __device__ float inverse(float square) { return square > 0 ? 1.0f / sqrtf(square) : 0.0f; }
  template <Metric metric>
  __device__ float far(int i, int j) const {
    return metric == Metric::kEuclidean ? sum[i][j] : -(sum[i][j] * inverse(codes[j])) * inverse(rows[i]);
  }
};

// found [rows][tiles of codes]
template <Metric metric>
__global__ void __launch_bounds__(kThreads) nearest_tile_kernel(const NearestArgs a, int tiles, Nearest* found) {
  __shared__ __align__(16) float rows[kRows][kPitch];
  __shared__ __align__(16) float codes[kCodes][kPitch];
  const int tile = static_cast<int>(blockIdx.x) % tiles, x = static_cast<int>(threadIdx.x % 16), y = static_cast<int>(threadIdx.x / 16);
  const int64_t row = static_cast<int64_t>(blockIdx.x / tiles) * kRows, code = static_cast<int64_t>(tile) * kCodes;
  Distances distances;
  for (int64_t k = 0; k < a.cols; k += kColumns) {
    __syncthreads();  // the columns before were used
    load_tile<kRows>(a.x + row * a.cols, a.rows - row, a.cols, k, rows);
    load_tile<kCodes>(a.codes + code * a.cols, a.code_count - code, a.cols, k, codes);
    __syncthreads();
    distances.add<metric>(rows, codes, x, y);
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    Nearest nearest{INFINITY, INFINITY, kNone};
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float far = distances.far<metric>(i, j);
      if (code + x + 16 * j < a.code_count && far < INFINITY) nearest.join(far, INFINITY, static_cast<int>(code) + x + 16 * j);
    }
    nearest.join_lanes(8);
    if (x == 0 && row + y + 16 * i < a.rows) found[(row + y + 16 * i) * tiles + tile] = nearest;
  }
}

// A warp joins the tiles of one row.
__global__ void __launch_bounds__(32) nearest_row_kernel(const Nearest* found, int tiles, int32_t* ids, float* margin) {
  const int64_t row = blockIdx.x;
  Nearest nearest{INFINITY, INFINITY, kNone};
  for (int i = static_cast<int>(threadIdx.x); i < tiles; i += 32) {
    const Nearest& other = found[row * tiles + i];
    nearest.join(other.best, other.second, other.id);
  }
  nearest.join_lanes(16);
  if (threadIdx.x != 0) return;
  ids[row] = nearest.id == kNone ? 0 : nearest.id;
  if (margin) margin[row] = nearest.second - nearest.best;
}

}  // namespace

void nearest(Queue& queue, const NearestArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  if (args.rows <= 0) return;
  NearestArgs a = args;
  a.codes = q.operand(a.codes);
  const auto tiles = static_cast<int>(divide_up(a.code_count, kCodes));
  auto* found = static_cast<Nearest*>(q.scratch(static_cast<size_t>(a.rows * tiles) * sizeof(Nearest)));
  const auto blocks = static_cast<unsigned>(tiles * divide_up(a.rows, kRows));
  if (a.metric == Metric::kEuclidean)
    launch(q, nearest_tile_kernel<Metric::kEuclidean>, blocks, kThreads, 0, a, tiles, found);
  else
    launch(q, nearest_tile_kernel<Metric::kCosine>, blocks, kThreads, 0, a, tiles, found);
  launch(q, nearest_row_kernel, static_cast<unsigned>(a.rows), 32, 0, found, tiles, a.ids, a.margin);
}

}  // namespace gpa::cuda
