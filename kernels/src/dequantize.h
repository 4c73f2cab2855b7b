// The values of blocks, exactly.
#pragma once
#include "gpa/kernels/types.h"

namespace gpa {

// dst[i] = the value of element i; count a multiple of the type's block. Other types: nothing.
void dequantize(DType from, const void* src, float* dst, int64_t count);

}  // namespace gpa
