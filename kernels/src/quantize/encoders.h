// One encoder for each block type: src, importance [elements of the block] (importance may be null) to one block.
#pragma once
#include "block_formats.h"

namespace gpa {

void encode(const float* src, const float* importance, BlockQ8_0& block);
void encode(const float* src, const float* importance, BlockQ4_0& block);
void encode(const float* src, const float* importance, BlockIQ4_NL& block);
void encode(const float* src, const float* importance, BlockQ4_K& block);
void encode(const float* src, const float* importance, BlockQ5_K& block);
void encode(const float* src, const float* importance, BlockQ6_K& block);

}  // namespace gpa
