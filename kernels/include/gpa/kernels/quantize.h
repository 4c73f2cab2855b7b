// Encoders of the block types. Decoding is convert_elements().
#pragma once
#include "gpa/kernels/types.h"

namespace gpa {

// dst[rows, cols] in blocks of `to`, for finite src [rows, cols]; cols is a multiple of the block. importance [cols], each finite
// and >= 0, weighs the squared errors of a column; null: all weigh the same (Q8_0, which is bit for bit ggml's where its scales are
// normal f16 numbers, takes no notice of it). A row's bytes depend on the row and on importance alone, not on the machine. What is
// too large for a type becomes its largest number, what is too small becomes zero.
void quantize_rows(DType to, const float* src, int64_t rows, int64_t cols, const float* importance, void* dst);

// With the code of one instruction set, a name of available_kernels(); the same bytes.
void quantize_rows_with(const char* isa, DType to, const float* src, int64_t rows, int64_t cols, const float* importance, void* dst);

}  // namespace gpa
