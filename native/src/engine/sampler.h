// Sampling as requests ask for it, in the terms of the kernels' op (kernel_table.h).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "gpa/gpa.h"
#include "gpa/kernels/kernel_table.h"

namespace gpa {

// Throws Error(INVALID_ARGUMENT) naming the field that is out of its range.
void check_sampling(const gpa_sampling& sampling);

// The draw of one step, with the random number of (sampling.seed, step). seen: bits of the columns that were seen.
SampleRow sample_row(const gpa_sampling& sampling, uint64_t step, uint32_t* seen);

// On the host. logits [count >= 1], changed by the calls; seen [ceil(count / 32)].
// Error(INTERNAL): a logit is NaN or +infinity, or none is finite.
// The probability with which each column is drawn: [count]; greedy: 1 at one column.
std::vector<float> distribution(std::span<float> logits, std::span<uint32_t> seen, const gpa_sampling& sampling);
// Many draws from the same row: out[i] is that of step i.
void draw_many(std::span<float> logits, std::span<uint32_t> seen, const gpa_sampling& sampling, std::span<int32_t> out);

// What is said of a row of which nothing can be drawn.
[[noreturn]] void refuse_logits();

}  // namespace gpa
