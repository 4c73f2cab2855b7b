// An input as a list of edits of the tiny model, so that what lies behind the file's syntax is reached.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "gguf_image.h"

namespace gpa::fuzz {

// The bytes of the model after the edits: 12 bytes each, kind, slot, place (2), value (8). Any bytes are edits.
std::string edited(const GgufImage& model, const uint8_t* data, size_t size);

}  // namespace gpa::fuzz
