// A counter-based random generator: the same seed and step give the same number, whatever ran before.
// Source: Salmon et al. 2011, Philox4x32-10.
#pragma once
#include <cstdint>

namespace gpa {

// Uniform in [0, 1), 53 bits.
double uniform(uint64_t seed, uint64_t step);

}  // namespace gpa
