// The ids that an answer may consist of: the rows of the LM head that are computed, and the columns of its logits.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "layers/id_range.h"

namespace gpa {

class AllowedIds {
 public:
  // Ranges may overlap and come in any order; empty ones and negative single ids are left out.
  explicit AllowedIds(std::vector<IdRange> ranges);

  std::span<const IdRange> ranges() const { return ranges_; }  // ascending, apart from each other
  int64_t count() const { return count_; }
  int32_t id(int64_t column) const;
  int32_t column(int32_t id) const;  // -1 when the id is not allowed
  bool operator==(const AllowedIds& other) const { return ranges_ == other.ranges_; }

 private:
  std::vector<IdRange> ranges_;
  int64_t count_ = 0;
};

// The columns of the ids as bits: column c is bit c % 32 of word c / 32. It is what the repetition penalty is for.
std::vector<uint32_t> seen_columns(const AllowedIds& allowed, std::span<const int32_t> ids);

}  // namespace gpa
