// Text for buffers of a fixed size.
#pragma once
#include <cstddef>
#include <string_view>

namespace gpa {

// Writes as many whole characters of text as fit in size - 1 bytes (size >= 1), and a terminating zero. What is written is
// well-formed UTF-8 whatever text holds: a byte that belongs to no character becomes '?'.
void copy_utf8(std::string_view text, char* out, size_t size);

}  // namespace gpa
