// A run of token ids.
#pragma once
#include <cstdint>

namespace gpa {

struct IdRange {
  int32_t first = 0;
  int32_t count = 0;

  bool contains(int64_t id) const { return id >= first && id - first < count; }
  bool operator==(const IdRange&) const = default;
};

}  // namespace gpa
