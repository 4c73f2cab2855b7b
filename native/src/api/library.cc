// gpa.h: the library itself.
#include "api/handles.h"
#include "gpa/kernels/kernel_table.h"
#include "gpa/kernels/quantize.h"
#include "log.h"
#include "raw_enum.h"

using namespace gpa;

namespace {

// Error(INVALID_ARGUMENT) where elements of that type cannot be converted.
void check_type(const char* argument, int32_t type) {
  if (type == GPA_F32 || type == GPA_F16 || type == GPA_BF16) return;
  fail(GPA_ERROR_INVALID_ARGUMENT, "%s is %d; F32, F16 and BF16 can be converted", argument, type);
}

}  // namespace

extern "C" {

int32_t gpa_abi_version(void) { return GPA_ABI_VERSION; }

const char* gpa_version(void) { return GPA_VERSION; }

const char* gpa_isa_name(int32_t index) {
  if (index < 0) return nullptr;
  const char* const* names = available_kernels();
  for (int32_t i = 0; names[i]; ++i) {
    if (i == index) return names[i];
  }
  return nullptr;
}

void gpa_log_set(gpa_log_fn fn, void* user) { set_log_sink(fn, user); }

gpa_status gpa_dtype_convert(gpa_dtype from, const void* src, gpa_dtype to, void* dst, int64_t count, gpa_error* error) {
  return api::guard(error, [&] {
    check_type("from", raw_enum(from));
    check_type("to", raw_enum(to));
    if (count < 0 || count > int64_t{1} << 56) fail(GPA_ERROR_INVALID_ARGUMENT, "count is %lld", static_cast<long long>(count));
    if (count == 0) return;
    api::require(src, "src");
    api::require(dst, "dst");
    convert_elements(static_cast<DType>(from), src, static_cast<DType>(to), dst, count);
  });
}

gpa_status gpa_dtype_quantize(gpa_dtype to, const float* src, int64_t rows, int64_t cols, const float* importance, void* dst,
                              gpa_error* error) {
  return api::guard(error, [&] {
    const auto type = static_cast<DType>(raw_enum(to));
    if (!dtype_quantized(type)) fail(GPA_ERROR_INVALID_ARGUMENT, "to is the type %d, which is no block type", raw_enum(to));
    const int64_t block = dtype_block(type).elements;
    int64_t count = 0;
    if (rows < 0 || cols < 0 || cols % block != 0 || __builtin_mul_overflow(rows, cols, &count) || count > int64_t{1} << 56) {
      fail(GPA_ERROR_INVALID_ARGUMENT, "%lld rows of %lld: not whole blocks of %lld", static_cast<long long>(rows),
           static_cast<long long>(cols), static_cast<long long>(block));
    }
    if (count == 0) return;
    api::require(src, "src");
    api::require(dst, "dst");
    quantize_rows(type, src, rows, cols, importance, dst);
  });
}

}  // extern "C"
