#include "utf8.h"

#include <cstring>

namespace gpa {
namespace {

// Bytes of the character at text's begin; 0 where there is none. Source: Unicode 15, table 3-7 (well-formed byte sequences).
size_t character_bytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t bytes = first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 0;
  if (bytes == 0 || bytes > text.size()) return 0;
  // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
  const unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < least || byte(1) > most) return 0;
  for (size_t i = 2; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return bytes;
}

}  // namespace

void copy_utf8(std::string_view text, char* out, size_t size) {
  size_t used = 0;
  while (!text.empty()) {
    const size_t bytes = character_bytes(text), taken = bytes == 0 ? 1 : bytes;
    if (used + taken >= size) break;
    if (bytes == 0) {
      out[used] = '?';
    } else {
      std::memcpy(out + used, text.data(), bytes);
    }
    used += taken;
    text.remove_prefix(taken);
  }
  out[used] = 0;
}

}  // namespace gpa
