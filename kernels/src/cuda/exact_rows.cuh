// Rows of A as a warp of an exact product reads them, block by block of K.
#pragma once
#include "cuda/bf16_parts.cuh"
#include "cuda/product.cuh"
#include "cuda/rounded.cuh"

namespace gpa::cuda {

// kM fragments of 16 rows from `row` on. A lane has rows g and g + 8 of each, columns 8t ... 8t + 7 of the block at hand. Rows, frames
// and what taps add to them are below 2^30. kFours: p.in_fours is known to hold.
template <int kM, bool kFours>
class RowReader {
 public:
  __device__ RowReader(const Products& p, int group, int64_t row, int block) : p_(p), x_(p.x + static_cast<int64_t>(group) * p.run) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    channel_ = lane % 4 * 8;
    advance(block);
#pragma unroll
    for (int i = 0; i < 2 * kM; ++i) {
      const int64_t at = row + lane / 4 + 8 * i;
      frames_[i / 2][i % 2] = at < p.rows ? static_cast<int>(p.frame_of(at, 0)) : kNowhere;
    }
  }

  __device__ void advance(int blocks) {
    channel_ += blocks * kLevelBlock;
    if (channel_ < p_.run) return;
    tap_ += channel_ / p_.run;
    channel_ %= p_.run;
  }

  // Zeros outside the frames, behind the last row and the last column.
  __device__ void read(int m, float (&to)[2][8]) const {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      if (kFours || p_.in_fours) {
        read_four(frames_[m][i], tap_, channel_, to[i]);
        const bool next = channel_ + 4 >= p_.run;
        read_four(frames_[m][i], next ? tap_ + 1 : tap_, next ? 0 : channel_ + 4, to[i] + 4);
      } else {
        int tap = tap_, channel = channel_;
#pragma unroll
        for (int j = 0; j < 8; ++j) {
          const float* from = address(frames_[m][i], tap, channel);
          to[i][j] = from ? *from : 0.0f;
          if (++channel == p_.run) channel = 0, ++tap;
        }
      }
    }
  }

 private:
  static constexpr int kNowhere = -(1 << 30);

  __device__ const float* address(int first, int tap, int channel) const {
    const int frame = first + tap * p_.dilation;
    const bool inside = tap < p_.taps && static_cast<uint32_t>(frame) < static_cast<uint64_t>(p_.frames) && frame >= 0;
    return inside ? x_ + static_cast<int64_t>(frame) * p_.channels + channel : nullptr;
  }
  __device__ void read_four(int first, int tap, int channel, float* to) const {
    const float* from = address(first, tap, channel);
    const float4 v = from ? *reinterpret_cast<const float4*>(from) : make_float4(0, 0, 0, 0);
    to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
  }

  const Products& p_;
  const float* x_;
  int tap_ = 0, channel_;
  int frames_[kM][2];  // of tap 0
};

}  // namespace gpa::cuda
