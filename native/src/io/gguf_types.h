// The element types a GGUF tensor can have and how many bytes their blocks take.
// Source: ggml's ggml_type and the block structures behind it.
#pragma once
#include <cstdint>

namespace gpa {

struct GgufType {
  int32_t id;
  const char* name;
  int64_t block_elements;
  int64_t block_bytes;
};

// The type of that number; null when the number is unknown.
const GgufType* find_gguf_type(int64_t id);

// GGUF's metadata value types.
enum GgufValueType : int32_t {
  kGgufU8 = 0, kGgufI8 = 1, kGgufU16 = 2, kGgufI16 = 3, kGgufU32 = 4, kGgufI32 = 5, kGgufF32 = 6,
  kGgufBool = 7, kGgufString = 8, kGgufArray = 9, kGgufU64 = 10, kGgufI64 = 11, kGgufF64 = 12,
};

// Bytes of a scalar value of that type; 0 for strings, arrays and unknown types.
uint64_t gguf_scalar_bytes(int32_t type);
// The scalar of that type at `bytes`, which need not be aligned.
double gguf_scalar(int32_t type, const unsigned char* bytes);

}  // namespace gpa
