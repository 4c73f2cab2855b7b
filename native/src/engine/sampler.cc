#include "engine/sampler.h"

#include <cmath>

#include "engine/random.h"
#include "error.h"
#include "gpa/kernels/sampling.h"

namespace gpa {
namespace {

// items: room for the candidates.
Candidates candidates_of(std::span<float> logits, std::span<uint32_t> seen, const gpa_sampling& sampling, std::vector<Candidate>& items) {
  items.resize(logits.size());
  Candidates left{items.data(), 0, 0};
  if (!keep_candidates(logits.data(), static_cast<int64_t>(logits.size()), sample_row(sampling, 0, seen.data()), &left)) refuse_logits();
  return left;
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

SampleRow sample_row(const gpa_sampling& sampling, uint64_t step, uint32_t* seen) {
  return {uniform(sampling.seed, step), sampling.temperature, sampling.top_p, sampling.repetition_penalty, sampling.top_k, seen};
}

std::vector<float> distribution(std::span<float> logits, std::span<uint32_t> seen, const gpa_sampling& sampling) {
  std::vector<Candidate> items;
  const Candidates left = candidates_of(logits, seen, sampling, items);
  std::vector<float> out(logits.size(), 0.0f);
  for (int64_t i = 0; i < left.count; ++i) out[static_cast<size_t>(left.items[i].column)] = static_cast<float>(left.items[i].weight / left.total);
  return out;
}

void draw_many(std::span<float> logits, std::span<uint32_t> seen, const gpa_sampling& sampling, std::span<int32_t> out) {
  std::vector<Candidate> items;
  const Candidates left = candidates_of(logits, seen, sampling, items);
  for (size_t i = 0; i < out.size(); ++i) out[i] = draw_candidate(left, uniform(sampling.seed, i));
}

void refuse_logits() { fail(GPA_ERROR_INTERNAL, "a logit is not a finite number: the model's weights are broken or overflow"); }

}  // namespace gpa
