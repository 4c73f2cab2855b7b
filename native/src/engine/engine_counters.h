// What an engine counts of itself. Any thread, no locks.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "gpa/gpa.h"

namespace gpa {

// Times in classes of which each is an eighth of an octave wide: a quantile is at most 9 % off.
class TimeHistogram {
 public:
  void add(int64_t us);
  int64_t count() const { return count_; }
  int64_t sum_us() const { return sum_us_; }
  // The time that a share of all times, in (0, 1], do not exceed: the upper bound of its class. 0 where there are none.
  int64_t quantile_us(double share) const;

 private:
  static constexpr int kClasses = 8 * 36;  // up to 2^36 us, 19 hours

  std::atomic<int64_t> count_{0}, sum_us_{0};
  std::array<std::atomic<int64_t>, kClasses> classes_{};
};

struct EngineCounters {
  using Counter = std::atomic<int64_t>;

  Counter live{0};    // requests that wait or run; one less whenever one has ended, before anybody hears of it
  Counter queued{0};  // those that wait
  Counter done{0}, refused{0}, cancelled{0}, failed{0};
  Counter steps{0}, step_requests{0}, rows{0}, prefix_rows{0};
  Counter kv_pages_used{0}, kv_pages_shared{0}, kv_pages_total{0};
  Counter audio_samples{0}, busy_us{0};
  TimeHistogram first_audio;

  gpa_engine_stats snapshot() const;
};

}  // namespace gpa
