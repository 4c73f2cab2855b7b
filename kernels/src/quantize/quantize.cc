#include "gpa/kernels/quantize.h"

#include <cassert>
#include <cstring>

#include "gpa/kernels/kernel_table.h"
#include "quantize/encoders.h"

namespace gpa {
namespace {

const SearchTable& searches_of([[maybe_unused]] const char* isa) {
#if defined(GPA_X86_64)
  if (std::strcmp(isa, "avx512") == 0 || std::strcmp(isa, "amx") == 0) return avx512::searches();
  if (std::strcmp(isa, "avx2") == 0 || std::strcmp(isa, "avxvnni") == 0) return avx2::searches();
#endif
  return portable::searches();
}

}  // namespace

void quantize_rows(DType to, const float* src, int64_t rows, int64_t cols, const float* importance, void* dst) {
  const KernelTable* kernels = select_kernels();
  quantize_rows_with(kernels ? kernels->name : "portable", to, src, rows, cols, importance, dst);
}

void quantize_rows_with(const char* isa, DType to, const float* src, int64_t rows, int64_t cols, const float* importance, void* dst) {
  assert(cols % dtype_block(to).elements == 0);
  if (rows * cols == 0) return;
  const SearchTable& searches = searches_of(isa);
  const Source source{src, importance, rows * cols, cols};
  switch (to) {
    case DType::kQ4_0: return encode(searches, source, static_cast<BlockQ4_0*>(dst));
    case DType::kQ8_0: return encode(searches, source, static_cast<BlockQ8_0*>(dst));
    case DType::kIQ4_NL: return encode(searches, source, static_cast<BlockIQ4_NL*>(dst));
    case DType::kQ4_K: return encode(searches, source, static_cast<BlockQ4_K*>(dst));
    case DType::kQ5_K: return encode(searches, source, static_cast<BlockQ5_K*>(dst));
    case DType::kQ6_K: return encode(searches, source, static_cast<BlockQ6_K*>(dst));
    default: assert(false);
  }
}

}  // namespace gpa
