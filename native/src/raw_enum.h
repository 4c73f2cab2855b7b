// The number in an enum that came over the C ABI: it may be no enumerator at all, and then must not be read as one.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace gpa {

template <class Enum>
int32_t raw_enum(const Enum& value) {
  static_assert(std::is_enum_v<Enum> && sizeof(Enum) == sizeof(int32_t));
  int32_t raw;
  std::memcpy(&raw, &value, sizeof raw);
  return raw;
}

}  // namespace gpa
