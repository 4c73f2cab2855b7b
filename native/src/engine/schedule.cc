#include "engine/schedule.h"

#include <numeric>

namespace gpa {

int64_t run_by_us(const AudioJob& job) {
  switch (job.kind) {
    case AudioJob::Kind::kEncode:
    case AudioJob::Kind::kPiece: return job.at_us + kPatienceUs;
    default: return job.at_us;
  }
}

size_t most_urgent(std::span<const AudioJob> jobs) {
  const auto found = std::min_element(jobs.begin(), jobs.end(), [](const AudioJob& a, const AudioJob& b) { return run_by_us(a) < run_by_us(b); });
  return static_cast<size_t>(found - jobs.begin());
}

std::vector<int64_t> share_rows(std::span<const int64_t> left, int64_t rows) {
  std::vector<int64_t> shares(left.size(), 0);
  if (left.empty()) return shares;
  shares[0] = std::min(left[0], rows / 4);
  rows -= shares[0];
  std::vector<size_t> order(left.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return left[a] < left[b]; });
  for (const size_t i : order) {
    const int64_t more = std::min(left[i] - shares[i], rows);
    shares[i] += more;
    rows -= more;
  }
  return shares;
}

}  // namespace gpa
