#include "engine/request.h"

#include <algorithm>

namespace gpa {

bool Request::wait(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  if (timeout_ms < 0) {
    ended_signal_.wait(lock, [&] { return ended_; });
    return true;
  }
  constexpr int64_t kLongest = int64_t{1000} * 3600 * 24 * 365;  // now + timeout must not overflow
  return ended_signal_.wait_for(lock, std::chrono::milliseconds(std::min(timeout_ms, kLongest)), [&] { return ended_; });
}

bool Request::ended() const {
  std::lock_guard lock(mutex_);
  return ended_;
}

Failure Request::outcome() const {
  std::lock_guard lock(mutex_);
  return outcome_;
}

const RequestResult* Request::result() const {
  std::lock_guard lock(mutex_);
  return ended_ && outcome_.code == GPA_OK ? &result_ : nullptr;
}

gpa_request_stats Request::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

void Request::stamp(int64_t gpa_request_stats::*field) {
  const int64_t now = age_us();
  std::lock_guard lock(mutex_);
  stats_.*field = now;
}

void Request::set_counts(int64_t prompt_tokens, int64_t answer_tokens, bool stopped) {
  std::lock_guard lock(mutex_);
  stats_.prompt_tokens = prompt_tokens;
  stats_.answer_tokens = answer_tokens;
  stats_.stopped = stopped;
}

void Request::finish(Failure outcome, RequestResult result) noexcept {
  stamp(&gpa_request_stats::finished_us);
  {
    std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    result_ = std::move(result);
    ended_ = true;
    ended_signal_.notify_all();
  }
  if (done_) done_(user_, id_);
}

}  // namespace gpa
