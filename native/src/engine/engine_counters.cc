#include "engine/engine_counters.h"

#include <algorithm>
#include <cmath>

namespace gpa {

void TimeHistogram::add(int64_t us) {
  const double octaves = std::log2(static_cast<double>(std::max<int64_t>(us, 1)));
  const int index = std::min(kClasses - 1, static_cast<int>(octaves * 8));
  classes_[static_cast<size_t>(index)] += 1;
  sum_us_ += us;
  count_ += 1;
}

int64_t TimeHistogram::quantile_us(double share) const {
  const auto wanted = static_cast<int64_t>(std::ceil(share * static_cast<double>(count_.load())));
  int64_t seen = 0;
  for (int i = 0; wanted > 0 && i < kClasses; ++i) {
    seen += classes_[static_cast<size_t>(i)];
    if (seen >= wanted) return std::llround(std::exp2((i + 1) / 8.0));
  }
  return 0;
}

gpa_engine_stats EngineCounters::snapshot() const {
  gpa_engine_stats out{};
  out.queued = queued;
  out.running = std::max<int64_t>(0, live - out.queued);
  out.done = done;
  out.refused = refused;
  out.cancelled = cancelled;
  out.failed = failed;
  out.steps = steps;
  out.step_requests = step_requests;
  out.rows = rows;
  out.prefix_rows = prefix_rows;
  out.kv_pages_used = kv_pages_used;
  out.kv_pages_shared = kv_pages_shared;
  out.kv_pages_total = kv_pages_total;
  out.audio_samples = audio_samples;
  out.busy_us = busy_us;
  out.first_audio_count = first_audio.count();
  out.first_audio_sum_us = first_audio.sum_us();
  out.first_audio_p50_us = first_audio.quantile_us(0.50);
  out.first_audio_p95_us = first_audio.quantile_us(0.95);
  return out;
}

}  // namespace gpa
