#include <cassert>
#include <cstring>

#include "float_bits.h"
#include "gpa/kernels/kernel_table.h"

namespace gpa {
namespace {

template <class From, class To, To (*convert)(From)>
void convert_all(const void* src, void* dst, int64_t count) {
  auto* in = static_cast<const From*>(src);
  auto* out = static_cast<To*>(dst);
  for (int64_t i = 0; i < count; ++i) out[i] = convert(in[i]);
}

uint16_t f16_to_bf16(uint16_t bits) { return f32_to_bf16(f16_to_f32(bits)); }
uint16_t bf16_to_f16(uint16_t bits) { return f32_to_f16(bf16_to_f32(bits)); }

[[maybe_unused]] bool is_float(DType type) { return type == DType::kF32 || type == DType::kF16 || type == DType::kBF16; }

}  // namespace

void convert_elements(DType from, const void* src, DType to, void* dst, int64_t count) {
  assert(is_float(from) && is_float(to) && count >= 0);
  if (count == 0) return;
  if (from == to) {
    std::memmove(dst, src, static_cast<size_t>(dtype_bytes(from, count)));
  } else if (from == DType::kF32) {
    if (to == DType::kF16) convert_all<float, uint16_t, f32_to_f16>(src, dst, count);
    if (to == DType::kBF16) convert_all<float, uint16_t, f32_to_bf16>(src, dst, count);
  } else if (from == DType::kF16) {
    if (to == DType::kF32) convert_all<uint16_t, float, f16_to_f32>(src, dst, count);
    if (to == DType::kBF16) convert_all<uint16_t, uint16_t, f16_to_bf16>(src, dst, count);
  } else if (from == DType::kBF16) {
    if (to == DType::kF32) convert_all<uint16_t, float, bf16_to_f32>(src, dst, count);
    if (to == DType::kF16) convert_all<uint16_t, uint16_t, bf16_to_f16>(src, dst, count);
  }
}

}  // namespace gpa
