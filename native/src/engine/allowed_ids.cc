#include "engine/allowed_ids.h"

#include <algorithm>

namespace gpa {

AllowedIds::AllowedIds(std::vector<IdRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const IdRange& a, const IdRange& b) { return a.first < b.first; });
  for (const IdRange& range : ranges) {
    if (range.first < 0 || range.count <= 0) continue;
    if (!ranges_.empty() && range.first <= ranges_.back().first + ranges_.back().count) {
      IdRange& last = ranges_.back();
      last.count = std::max(last.count, range.first + range.count - last.first);
    } else {
      ranges_.push_back(range);
    }
  }
  for (const IdRange& range : ranges_) count_ += range.count;
}

int32_t AllowedIds::id(int64_t column) const {
  for (const IdRange& range : ranges_) {
    if (column < range.count) return range.first + static_cast<int32_t>(column);
    column -= range.count;
  }
  return -1;
}

int32_t AllowedIds::column(int32_t id) const {
  int32_t before = 0;
  for (const IdRange& range : ranges_) {
    if (range.contains(id)) return before + id - range.first;
    before += range.count;
  }
  return -1;
}

std::vector<uint32_t> seen_columns(const AllowedIds& allowed, std::span<const int32_t> ids) {
  std::vector<uint32_t> seen(static_cast<size_t>((allowed.count() + 31) / 32), 0);
  for (int32_t id : ids) {
    const int32_t column = allowed.column(id);
    if (column >= 0) seen[static_cast<size_t>(column / 32)] |= uint32_t{1} << (column % 32);
  }
  return seen;
}

}  // namespace gpa
