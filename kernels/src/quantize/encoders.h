// One encoder for each block type: the source's values, whole blocks, to blocks.
#pragma once
#include "block_formats.h"
#include "quantize/search.h"
#include "quantize/source.h"

namespace gpa {

void encode(const SearchTable& searches, const Source& source, BlockQ8_0* blocks);
void encode(const SearchTable& searches, const Source& source, BlockQ4_0* blocks);
void encode(const SearchTable& searches, const Source& source, BlockIQ4_NL* blocks);
void encode(const SearchTable& searches, const Source& source, BlockQ4_K* blocks);
void encode(const SearchTable& searches, const Source& source, BlockQ5_K* blocks);
void encode(const SearchTable& searches, const Source& source, BlockQ6_K* blocks);

}  // namespace gpa
