#include "gpa/kernels/quantize.h"

#include <cassert>
#include <cmath>

#include "block_formats.h"
#include "float_bits.h"

namespace gpa {
namespace {

void encode(const float* x, BlockQ8_0& block) {
  float most = 0;
  for (int j = 0; j < 32; ++j) most = std::fmax(most, std::fabs(x[j]));
  const float d = most / 127.0f, inverse = d > 0 ? 1.0f / d : 0.0f;
  block.d = f32_to_f16(d);
  for (int j = 0; j < 32; ++j) block.qs[j] = static_cast<int8_t>(std::lround(x[j] * inverse));
}

}  // namespace

void quantize_rows([[maybe_unused]] DType to, const float* src, int64_t rows, int64_t cols, const float*, void* dst) {
  assert(to == DType::kQ8_0);
  auto* blocks = static_cast<BlockQ8_0*>(dst);
  for (int64_t i = 0; i < rows * cols / 32; ++i) encode(src + 32 * i, blocks[i]);
}

}  // namespace gpa
