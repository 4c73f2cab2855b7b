// The parts of the CPU's sample op (kernel_table.h), for those who want the probabilities themselves.
#pragma once
#include <cstdint>

#include "gpa/kernels/kernel_table.h"

namespace gpa {

// A column that is left, with its weight e^(logit - largest).
struct Candidate {
  float logit;
  int32_t column;
  double weight;
};

struct Candidates {
  Candidate* items;  // room for all columns; ascending by column
  int64_t count;
  double total;      // of the weights
};

// Steps 1 to 4 of the op: leaves in `left` what can be drawn, one at least. logits [cols] are changed; nothing is added to draw.seen.
// False: a logit is NaN or +infinity, or none is finite.
bool keep_candidates(float* logits, int64_t cols, const SampleRow& draw, Candidates* left);

// Step 5.
int32_t draw_candidate(const Candidates& left, double uniform);

}  // namespace gpa
