#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/random.h"
#include "error.h"

namespace gpa {
namespace {

// Below this a division by the temperature could overflow, and the draw is the largest logit in all but name.
constexpr float kGreedyBelow = 1e-6f;

bool more_probable(const Sampler::Candidate& a, const Sampler::Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.column < b.column;
}

// Puts the `count` most probable candidates first, in any order.
void partition_top(std::vector<Sampler::Candidate>& candidates, size_t begin, size_t count) {
  if (begin + count >= candidates.size()) return;
  const auto first = candidates.begin() + static_cast<std::ptrdiff_t>(begin);
  std::nth_element(first, first + static_cast<std::ptrdiff_t>(count), candidates.end(), more_probable);
}

}  // namespace

void check_sampling(const gpa_sampling& sampling) {
  const auto refuse = [](const char* field, const char* range, double value) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "sampling.%s is %g; it must be %s", field, value, range);
  };
  if (!(sampling.temperature >= 0) || !std::isfinite(sampling.temperature)) refuse("temperature", "0 or positive", sampling.temperature);
  if (sampling.top_k < 0) refuse("top_k", "0 or positive", sampling.top_k);
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) refuse("top_p", "in (0, 1]", sampling.top_p);
  if (!(sampling.repetition_penalty > 0) || !std::isfinite(sampling.repetition_penalty)) {
    refuse("repetition_penalty", "positive", sampling.repetition_penalty);
  }
}

int32_t Sampler::pick(std::span<float> logits, std::span<const int32_t> repeated, const gpa_sampling& sampling, uint64_t step) {
  return draw(filter(logits, repeated, sampling), uniform(sampling.seed, step));
}

std::vector<float> Sampler::distribution(std::span<float> logits, std::span<const int32_t> repeated, const gpa_sampling& sampling) {
  const double total = filter(logits, repeated, sampling);
  std::vector<float> out(logits.size(), 0.0f);
  for (const Candidate& candidate : candidates_) {
    out[static_cast<size_t>(candidate.column)] = static_cast<float>(candidate.weight / total);
  }
  return out;
}

void Sampler::draw_many(std::span<float> logits, std::span<const int32_t> repeated, const gpa_sampling& sampling, std::span<int32_t> out) {
  const double total = filter(logits, repeated, sampling);
  for (size_t i = 0; i < out.size(); ++i) out[i] = draw(total, uniform(sampling.seed, i));
}

double Sampler::filter(std::span<float> logits, std::span<const int32_t> repeated, const gpa_sampling& sampling) {
  const float penalty = sampling.repetition_penalty;
  if (penalty != 1.0f) {
    for (int32_t column : repeated) {
      float& logit = logits[static_cast<size_t>(column)];
      logit = logit < 0 ? logit * penalty : logit / penalty;
    }
  }
  const bool greedy = sampling.temperature < kGreedyBelow;
  float largest = -std::numeric_limits<float>::infinity();
  int32_t best = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] < std::numeric_limits<float>::infinity())) {
      fail(GPA_ERROR_INTERNAL, "a logit is not a finite number: the model's weights are broken or overflow");
    }
    if (!greedy) logits[i] /= sampling.temperature;
    if (logits[i] > largest) {
      largest = logits[i];
      best = static_cast<int32_t>(i);
    }
  }
  if (!std::isfinite(largest)) fail(GPA_ERROR_INTERNAL, "no logit is a finite number after the temperature");
  candidates_.clear();
  if (greedy) {
    candidates_.push_back({largest, best, 1.0});
    return 1.0;
  }
  candidates_.reserve(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) candidates_.push_back({logits[i], static_cast<int32_t>(i), 0.0});
  if (sampling.top_k > 0) keep_top_k(sampling.top_k);
  for (Candidate& candidate : candidates_) candidate.weight = std::exp(static_cast<double>(candidate.logit) - largest);
  if (sampling.top_p < 1) keep_top_p(static_cast<double>(sampling.top_p));
  double total = 0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  return total;
}

void Sampler::keep_top_k(int32_t k) {
  if (static_cast<size_t>(k) >= candidates_.size()) return;
  const auto kth = candidates_.begin() + (k - 1);
  std::nth_element(candidates_.begin(), kth, candidates_.end(), more_probable);
  const float least = kth->logit;
  candidates_.erase(std::remove_if(kth, candidates_.end(), [&](const Candidate& c) { return c.logit < least; }), candidates_.end());
}

void Sampler::keep_top_p(double p) {
  double total = 0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  double mass = 0;
  // Most sets are small: the top is sorted in runs that grow, until enough mass is seen.
  for (size_t begin = 0, count = 64; begin < candidates_.size(); begin += count, count *= 4) {
    partition_top(candidates_, begin, count);
    const size_t end = std::min(begin + count, candidates_.size());
    std::sort(candidates_.begin() + static_cast<std::ptrdiff_t>(begin), candidates_.begin() + static_cast<std::ptrdiff_t>(end), more_probable);
    for (size_t i = begin; i < end; ++i) {
      mass += candidates_[i].weight;
      if (mass >= p * total) {
        candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(i + 1), candidates_.end());
        return;
      }
    }
  }
}

int32_t Sampler::draw(double total, double uniform) const {
  double left = uniform * total;
  for (const Candidate& candidate : candidates_) {
    left -= candidate.weight;
    if (left < 0) return candidate.column;
  }
  // Rounding of the sum: the last one with any weight.
  for (size_t i = candidates_.size(); i-- > 0;) {
    if (candidates_[i].weight > 0) return candidates_[i].column;
  }
  return candidates_.front().column;
}

}  // namespace gpa
