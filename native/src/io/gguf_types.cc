#include "io/gguf_types.h"

#include <bit>
#include <cstring>

namespace gpa {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF files are mapped as they are: little-endian machines only");

constexpr GgufType kTypes[] = {
    {0, "F32", 1, 4},        {1, "F16", 1, 2},        {2, "Q4_0", 32, 18},     {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22},     {7, "Q5_1", 32, 24},     {8, "Q8_0", 32, 34},     {9, "Q8_1", 32, 36},
    {10, "Q2_K", 256, 84},   {11, "Q3_K", 256, 110},  {12, "Q4_K", 256, 144},  {13, "Q5_K", 256, 176},
    {14, "Q6_K", 256, 210},  {15, "Q8_K", 256, 292},  {16, "IQ2_XXS", 256, 66}, {17, "IQ2_XS", 256, 74},
    {18, "IQ3_XXS", 256, 98}, {19, "IQ1_S", 256, 50}, {20, "IQ4_NL", 32, 18},  {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},  {23, "IQ4_XS", 256, 136}, {24, "I8", 1, 1},       {25, "I16", 1, 2},
    {26, "I32", 1, 4},       {27, "I64", 1, 8},       {28, "F64", 1, 8},       {29, "IQ1_M", 256, 56},
    {30, "BF16", 1, 2},      {34, "TQ1_0", 256, 54},  {35, "TQ2_0", 256, 66},  {39, "MXFP4", 32, 17},
    {40, "NVFP4", 64, 36},
};

template <class T>
double load(const unsigned char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<double>(value);
}

}  // namespace

const GgufType* find_gguf_type(int64_t id) {
  for (const GgufType& type : kTypes) {
    if (type.id == id) return &type;
  }
  return nullptr;
}

uint64_t gguf_scalar_bytes(int32_t type) {
  switch (type) {
    case kGgufU8: case kGgufI8: case kGgufBool: return 1;
    case kGgufU16: case kGgufI16: return 2;
    case kGgufU32: case kGgufI32: case kGgufF32: return 4;
    case kGgufU64: case kGgufI64: case kGgufF64: return 8;
    default: return 0;
  }
}

double gguf_scalar(int32_t type, const unsigned char* bytes) {
  switch (type) {
    case kGgufU8: case kGgufBool: return load<uint8_t>(bytes);
    case kGgufI8: return load<int8_t>(bytes);
    case kGgufU16: return load<uint16_t>(bytes);
    case kGgufI16: return load<int16_t>(bytes);
    case kGgufU32: return load<uint32_t>(bytes);
    case kGgufI32: return load<int32_t>(bytes);
    case kGgufF32: return load<float>(bytes);
    case kGgufU64: return load<uint64_t>(bytes);
    case kGgufI64: return load<int64_t>(bytes);
    default: return load<double>(bytes);
  }
}

}  // namespace gpa
