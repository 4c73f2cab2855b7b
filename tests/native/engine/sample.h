// The sample op on one row of the host, as the tests of the sampler use it.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/sampler.h"

namespace gpa::test {

// The bits of these columns in a row of `count`.
inline std::vector<uint32_t> bits_of(const std::vector<int32_t>& columns, size_t count) {
  std::vector<uint32_t> bits((count + 31) / 32, 0);
  for (int32_t c : columns) bits[static_cast<size_t>(c / 32)] |= uint32_t{1} << (c % 32);
  return bits;
}

// The column that the op of a table draws; -1 where it can draw none. logits are changed.
inline int32_t pick(const KernelTable& kernels, std::vector<float>& logits, const std::vector<int32_t>& repeated, const gpa_sampling& sampling,
                    uint64_t step) {
  ThreadPool queue(1);
  std::vector<uint32_t> seen = bits_of(repeated, logits.size());
  const SampleRow draw = sample_row(sampling, step, seen.data());
  int32_t column = -2;
  kernels.sample(queue, {logits.data(), 1, static_cast<int64_t>(logits.size()), &draw, &column});
  return column;
}
inline int32_t pick(std::vector<float>& logits, const std::vector<int32_t>& repeated, const gpa_sampling& sampling, uint64_t step) {
  return pick(*select_kernels(), logits, repeated, sampling, step);
}

}  // namespace gpa::test
