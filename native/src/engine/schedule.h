// Whose turn it is: pure functions over what waits.
//
// Audio jobs run one at a time, each as a whole, so what matters is their order. Every job has a time by which it should run and the
// earliest goes first:
//   - speech of which nothing was handed over yet: when its request began, which is always past. Who has waited longest comes first;
//   - the next chunk of a listener: when that listener runs dry;
//   - encoders and pieces of whole results, for which nobody listens yet: kPatienceUs after they could have run.
// Nobody starves: a job's time stays, the time of whatever comes later is later, and a listener who ran dry is counted from the chunk
// that came at last, so that streams that fall behind do not pile up claims.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace gpa {

constexpr int64_t kPatienceUs = 500'000;

// Times are microseconds of one steady clock.
struct AudioJob {
  enum class Kind { kFirstChunk, kChunk, kEncode, kPiece };
  Kind kind;
  int64_t at_us;  // kChunk: when the listener runs dry; kFirstChunk: when the request began; others: since when it could run
};

int64_t run_by_us(const AudioJob& job);

// Index of the job to run; of equal ones the first. jobs is not empty.
size_t most_urgent(std::span<const AudioJob> jobs);

// How long a listener has something to hear who begins with the first chunk and waits whenever there is nothing.
class Listener {
 public:
  bool listening() const { return dry_us_ >= 0; }
  // When all that was handed over is heard. listening() only.
  int64_t dry_us() const { return dry_us_; }
  void hear(int64_t now_us, int64_t audio_us) { dry_us_ = std::max(dry_us_, now_us) + audio_us; }

 private:
  int64_t dry_us_ = -1;
};

// Rows of one step for prompts with so many rows left, in order of arrival: [left.size()], their sum at most `rows`. The first prompt has
// a quarter for sure, so that a long one gets on; then those with the fewest rows left come first, as they can answer soonest.
std::vector<int64_t> share_rows(std::span<const int64_t> left, int64_t rows);

}  // namespace gpa
