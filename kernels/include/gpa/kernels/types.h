// Element types and the views that kernels work on. A view never owns memory.
#pragma once
#include <cstdint>

namespace gpa {

// Numbered as in GGUF files (ggml_type), so that a file's word is the enum's value.
enum class DType : int32_t { kF32 = 0, kF16 = 1, kI32 = 26, kBF16 = 30 };

// Bytes of `count` consecutive elements of a row.
constexpr int64_t dtype_bytes(DType type, int64_t count) {
  return count * (type == DType::kF16 || type == DType::kBF16 ? 2 : 4);
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
