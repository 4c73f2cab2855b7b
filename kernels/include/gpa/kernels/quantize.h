// Encoders of the block types. Decoding is convert_elements().
#pragma once
#include "gpa/kernels/types.h"

namespace gpa {

// dst[rows, cols] in blocks of `to`, for finite src [rows, cols]; cols is a multiple of the block. importance [cols] weighs the
// squared errors of a column; null: weights come from the values themselves. A row's result depends on nothing but itself.
void quantize_rows(DType to, const float* src, int64_t rows, int64_t cols, const float* importance, void* dst);

}  // namespace gpa
