// From a row of logits to the next id, with the processors of Hugging Face's `generate` in its order:
//   1. repetition penalty p over repeated columns: logit < 0 ? logit * p : logit / p     (Keskar et al. 2019)
//   2. logit / temperature (below 1e-6: the largest logit is taken, lowest column on ties, and 3 to 5 do not happen)
//   3. top-k: columns below the k-th largest go; those tied with it stay
//   4. top-p: the smallest set of the most probable columns whose mass is >= p stays, one at least (Holtzman et al. 2020)
//   5. softmax over what is left, and one draw
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "gpa/gpa.h"

namespace gpa {

// Throws Error(INVALID_ARGUMENT) naming the field that is out of its range.
void check_sampling(const gpa_sampling& sampling);

class Sampler {
 public:
  // A column that is left, with its weight exp(logit - largest).
  struct Candidate {
    float logit;
    int32_t column;
    double weight;
  };

  // logits [count >= 1], changed by the call; repeated: columns to penalise, each once. Returns the column drawn with the
  // random number of (sampling.seed, step). Error(INTERNAL): a logit is NaN or +infinity, or none is finite.
  int32_t pick(std::span<float> logits, std::span<const int32_t> repeated, const gpa_sampling& sampling, uint64_t step);

  // The probability with which pick() returns each column: [count]; greedy: 1 at one column.
  std::vector<float> distribution(std::span<float> logits, std::span<const int32_t> repeated, const gpa_sampling& sampling);

  // As pick() for many steps of one row: out[i] is drawn with (sampling.seed, i).
  void draw_many(std::span<float> logits, std::span<const int32_t> repeated, const gpa_sampling& sampling, std::span<int32_t> out);

 private:
  // Leaves in candidates_ what steps 1 to 4 leave; returns the sum of their weights.
  double filter(std::span<float> logits, std::span<const int32_t> repeated, const gpa_sampling& sampling);
  void keep_top_k(int32_t k);
  void keep_top_p(double p);
  int32_t draw(double total, double uniform) const;

  std::vector<Candidate> candidates_;
};

}  // namespace gpa
