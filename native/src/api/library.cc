// gpa.h: the library itself.
#include <algorithm>
#include <bit>
#include <cmath>

#include "api/handles.h"
#include "engine/devices.h"
#include "gpa/kernels/kernel_table.h"
#include "gpa/kernels/quantize.h"
#include "log.h"
#include "raw_enum.h"

using namespace gpa;

namespace {

using Long = long long;  // for %lld
constexpr int64_t kMostElements = int64_t{1} << 56;

// Error(INVALID_ARGUMENT) where elements of that type cannot be converted, or so many of them are not whole blocks.
void check_type(const char* argument, int32_t type, int64_t count) {
  const auto dtype = static_cast<DType>(type);
  if (type != GPA_F32 && type != GPA_F16 && type != GPA_BF16 && !dtype_quantized(dtype))
    fail(GPA_ERROR_INVALID_ARGUMENT, "%s is %d; F32, F16, BF16 and the block types can be converted", argument, type);
  const int64_t block = dtype_block(dtype).elements;
  if (count % block != 0) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "count is %lld; %s is the type %d of blocks of %lld", static_cast<Long>(count), argument, type,
         static_cast<Long>(block));
  }
}

bool all_finite(const float* values, int64_t count) {
  constexpr uint32_t kExponent = 0x7f800000;
  uint32_t bad = 0;
  for (int64_t i = 0; i < count; ++i) bad |= (std::bit_cast<uint32_t>(values[i]) & kExponent) == kExponent;
  return bad == 0;
}

// Error(INVALID_ARGUMENT) naming the first of the values that is not finite; `values` are the elements `first` and following of src.
void check_finite(const float* values, int64_t first, int64_t count) {
  constexpr int64_t kStep = 4096;
  for (int64_t begin = 0; begin < count; begin += kStep) {
    const int64_t end = std::min(begin + kStep, count);
    if (all_finite(values + begin, end - begin)) continue;
    int64_t i = begin;
    while (std::isfinite(values[i])) ++i;
    fail(GPA_ERROR_INVALID_ARGUMENT, "src[%lld] is %g, which no block type holds", static_cast<Long>(first + i),
         static_cast<double>(values[i]));
  }
}

void check_finite(DType from, const void* src, int64_t count) {
  if (from == DType::kF32) return check_finite(static_cast<const float*>(src), 0, count);
  constexpr int64_t kStep = 4096;  // a multiple of every block
  float values[kStep];
  for (int64_t i = 0; i < count; i += kStep) {
    const int64_t some = std::min(kStep, count - i);
    convert_elements(from, static_cast<const char*>(src) + dtype_bytes(from, i), DType::kF32, values, some);
    check_finite(values, i, some);
  }
}

void check_importance(const float* importance, int64_t cols) {
  for (int64_t i = 0; i < cols; ++i) {
    if (std::isfinite(importance[i]) && importance[i] >= 0) continue;
    fail(GPA_ERROR_INVALID_ARGUMENT, "importance[%lld] is %g; it must be finite and not below 0", static_cast<Long>(i),
         static_cast<double>(importance[i]));
  }
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

gpa_status gpa_cuda_library_set(const char* path, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(path, "path");
    set_cuda_library(path);
  });
}

const char* gpa_device_name(int32_t index) {
  const std::vector<std::string>& names = device_names();
  return index >= 0 && static_cast<size_t>(index) < names.size() ? names[static_cast<size_t>(index)].c_str() : nullptr;
}

void gpa_log_set(gpa_log_fn fn, void* user) { set_log_sink(fn, user); }

gpa_status gpa_dtype_convert(gpa_dtype from, const void* src, gpa_dtype to, void* dst, int64_t count, gpa_error* error) {
  return api::guard(error, [&] {
    if (count < 0 || count > kMostElements) fail(GPA_ERROR_INVALID_ARGUMENT, "count is %lld", static_cast<Long>(count));
    check_type("from", raw_enum(from), count);
    check_type("to", raw_enum(to), count);
    if (count == 0) return;
    api::require(src, "src");
    api::require(dst, "dst");
    const auto source = static_cast<DType>(raw_enum(from)), target = static_cast<DType>(raw_enum(to));
    if (dtype_quantized(target) && source != target) check_finite(source, src, count);
    convert_elements(source, src, target, dst, count);
  });
}

gpa_status gpa_dtype_quantize(gpa_dtype to, const float* src, int64_t rows, int64_t cols, const float* importance, void* dst,
                              gpa_error* error) {
  return api::guard(error, [&] {
    const auto type = static_cast<DType>(raw_enum(to));
    if (!dtype_quantized(type)) fail(GPA_ERROR_INVALID_ARGUMENT, "to is the type %d, which is no block type", raw_enum(to));
    const int64_t block = dtype_block(type).elements;
    int64_t count = 0;
    if (rows < 0 || cols < 0 || cols % block != 0 || __builtin_mul_overflow(rows, cols, &count) || count > kMostElements) {
      fail(GPA_ERROR_INVALID_ARGUMENT, "%lld rows of %lld: not whole blocks of %lld", static_cast<Long>(rows), static_cast<Long>(cols),
           static_cast<Long>(block));
    }
    if (count == 0) return;
    api::require(src, "src");
    api::require(dst, "dst");
    check_finite(src, 0, count);
    if (importance) check_importance(importance, cols);
    quantize_rows(type, src, rows, cols, importance, dst);
  });
}

}  // extern "C"
