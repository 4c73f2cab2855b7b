#include "gpa/kernels/quantize.h"

#include <cassert>

#include "quantize/encoders.h"

namespace gpa {
namespace {

template <class Block, int64_t kElements>
void encode_rows(const float* src, int64_t rows, int64_t cols, const float* importance, void* dst) {
  assert(cols % kElements == 0);
  auto* block = static_cast<Block*>(dst);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t col = 0; col < cols; col += kElements)
      encode(src + row * cols + col, importance ? importance + col : nullptr, *block++);
  }
}

}  // namespace

void quantize_rows(DType to, const float* src, int64_t rows, int64_t cols, const float* importance, void* dst) {
  switch (to) {
    case DType::kQ4_0: return encode_rows<BlockQ4_0, 32>(src, rows, cols, importance, dst);
    case DType::kQ8_0: return encode_rows<BlockQ8_0, 32>(src, rows, cols, importance, dst);
    case DType::kIQ4_NL: return encode_rows<BlockIQ4_NL, 32>(src, rows, cols, importance, dst);
    case DType::kQ4_K: return encode_rows<BlockQ4_K, 256>(src, rows, cols, importance, dst);
    case DType::kQ5_K: return encode_rows<BlockQ5_K, 256>(src, rows, cols, importance, dst);
    case DType::kQ6_K: return encode_rows<BlockQ6_K, 256>(src, rows, cols, importance, dst);
    default: assert(false);
  }
}

}  // namespace gpa
