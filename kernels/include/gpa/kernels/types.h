// Element types and the views that kernels work on. A view never owns memory. Functions are static: code of one instruction
// set must not share a copy with other code.
#pragma once
#include <cstdint>

namespace gpa {

// Numbered as in GGUF files (ggml_type), so that a file's word is the enum's value.
enum class DType : int32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ8_0 = 8,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ4_NL = 20,
  kI32 = 26,
  kBF16 = 30
};

// Rows are stored in blocks of so many consecutive elements; a row's length is a multiple of it.
struct Block {
  int64_t elements;
  int64_t bytes;
  int64_t scale_offset = 0;  // where the f16 scale, or scale and minimum, of a block type stand
  int64_t scale_count = 0;
};
static constexpr Block dtype_block(DType type) {
  switch (type) {
    case DType::kF16: case DType::kBF16: return {1, 2};
    case DType::kQ4_0: case DType::kIQ4_NL: return {32, 18, 0, 1};
    case DType::kQ8_0: return {32, 34, 0, 1};
    case DType::kQ4_K: return {256, 144, 0, 2};
    case DType::kQ5_K: return {256, 176, 0, 2};
    case DType::kQ6_K: return {256, 210, 208, 1};
    default: return {1, 4};
  }
}
static constexpr bool dtype_quantized(DType type) { return dtype_block(type).elements > 1; }

// Bytes of `count` consecutive elements of a row, a multiple of the type's block.
static constexpr int64_t dtype_bytes(DType type, int64_t count) {
  const Block block = dtype_block(type);
  return count / block.elements * block.bytes;
}

// Activations: rows × cols f32, row-major and dense. For audio, rows are frames and cols are channels.
struct Matrix {
  float* data = nullptr;
  int64_t rows = 0;
  int64_t cols = 0;
};

// Weights: rows (outputs) × cols (inputs), row-major and dense, usually in the mapped model file.
struct Weight {
  const void* data = nullptr;
  DType type = DType::kF32;
  int64_t rows = 0;
  int64_t cols = 0;

  Weight slice_rows(int64_t begin, int64_t count) const {
    auto* bytes = static_cast<const char*>(data) + begin * dtype_bytes(type, cols);
    return {bytes, type, count, cols};
  }
};

}  // namespace gpa
