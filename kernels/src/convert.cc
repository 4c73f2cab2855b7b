#include <cassert>
#include <cstring>

#include "block_values.h"
#include "float_bits.h"
#include "gpa/kernels/kernel_table.h"
#include "gpa/kernels/quantize.h"

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

// Through f32, some blocks at a time; kStep is a multiple of every block.
void convert_blocks(DType from, const char* src, DType to, char* dst, int64_t count) {
  constexpr int64_t kStep = 4096;
  float values[kStep];
  for (int64_t i = 0; i < count; i += kStep) {
    const int64_t some = count - i < kStep ? count - i : kStep;
    const char* in = src + dtype_bytes(from, i);
    char* out = dst + dtype_bytes(to, i);
    if (dtype_quantized(from))
      decode_blocks(from, in, values, some);
    else
      convert_elements(from, in, DType::kF32, values, some);
    if (dtype_quantized(to))
      quantize_rows(to, values, 1, some, nullptr, out);
    else
      convert_elements(DType::kF32, values, to, out, some);
  }
}

}  // namespace

void convert_elements(DType from, const void* src, DType to, void* dst, int64_t count) {
  assert(from != DType::kI32 && to != DType::kI32 && count >= 0);
  assert(count % dtype_block(from).elements == 0 && count % dtype_block(to).elements == 0);
  if (count == 0) return;
  if (from == to) {
    std::memmove(dst, src, static_cast<size_t>(dtype_bytes(from, count)));
  } else if (dtype_quantized(from) || dtype_quantized(to)) {
    convert_blocks(from, static_cast<const char*>(src), to, static_cast<char*>(dst), count);
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
