// Rows of weights on their way through shared memory: as they lie in the file, in pieces of 16 bytes that are asked for some stages
// ahead, so that what is under way takes no registers.
#pragma once
#include "cuda/async_copy.cuh"
#include "cuda/launch.cuh"
#include "cuda/product.cuh"

namespace gpa::cuda {

// kColumns: rows of weights, which are columns of C. kChunk: blocks of K in a stage, whole stored blocks. kBlock: threads of a block.
template <DType type, int kColumns, int kChunk, int kStages, int kBlock = kThreads>
struct WeightStages {
  static constexpr int kChunkBytes = static_cast<int>(dtype_bytes(type, kChunk * kLevelBlock));
  static constexpr int kPieces = (kChunkBytes + 15 + 15) / 16;
  static constexpr int kPitch = 16 * (kPieces % 2 ? kPieces : kPieces + 1);  // an odd number of pieces: rows begin in other banks
  static constexpr int kStageBytes = kColumns * kPitch;
  static constexpr int kBytes = kStages * kStageBytes;

  uint8_t* shared;  // [kBytes], aligned to 16
  const Map& map;
  int64_t first;  // the tile's first row of weights
  int rows;       // that there are

  __device__ WeightStages(uint8_t* memory, const Map& of, const Tile& tile)
      : shared(memory), map(of), first(static_cast<int64_t>(tile.group) * of.columns + tile.column), rows(min(kColumns, of.columns - tile.column)) {}

  // Asks for a chunk. A row's pieces are those that hold it: it begins `address % 16` behind the begin of its slot.
  __device__ void fetch(int chunk) const {
    const int64_t begin = static_cast<int64_t>(chunk) * kChunkBytes;
    if (begin < map.row_bytes) {
      const int bytes = static_cast<int>(min(static_cast<int64_t>(kChunkBytes), map.row_bytes - begin));
      const uint8_t* weights = map.w + first * map.row_bytes + begin;
      uint8_t* stage = shared + chunk % kStages * kStageBytes;
      for (int i = static_cast<int>(threadIdx.x); i < rows * kPieces; i += kBlock) {
        const int row = i / kPieces, piece = 16 * (i % kPieces);
        const uint8_t* from = weights + row * map.row_bytes;
        const int before = static_cast<int>(reinterpret_cast<uintptr_t>(from) & 15), left = before + bytes - piece;
        if (left > 0) copy_16_async(stage + row * kPitch + piece, from - before + piece, min(left, 16));
      }
    }
    __pipeline_commit();
  }
  // Asks for the first chunks, of weights that were adopted before earlier kernels have ended. x may be read afterwards.
  __device__ void begin() const {
    let_next_begin();
    if (!map.constant) wait_for_earlier();
    for (int chunk = 0; chunk < kStages - 1; ++chunk) fetch(chunk);
    if (map.constant) wait_for_earlier();
  }
  // Waits for a chunk, the next of all, and asks for a later one. By the whole block.
  __device__ void advance(int chunk) const {
    __pipeline_wait_prior(kStages - 2);
    __syncthreads();  // everybody's pieces are there, and the stage of the chunk before is free
    fetch(chunk + kStages - 1);
  }
  // Where row `row` of the tile begins in the stage of a chunk.
  __device__ const uint8_t* row(int chunk, int row) const {
    const auto address = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(map.w)) + static_cast<uint32_t>(chunk) * kChunkBytes +
                         (static_cast<uint32_t>(first) + static_cast<uint32_t>(row)) * static_cast<uint32_t>(map.row_bytes);
    return shared + chunk % kStages * kStageBytes + row * kPitch + (address & 15u);
  }
};

}  // namespace gpa::cuda
