// A counter-based random generator: the same seed and step give the same number, whatever ran before.
// Source: Salmon et al. 2011, Philox4x32-10.
#pragma once
#include <array>
#include <cstdint>

namespace gpa {

// 128 random bits of a counter and a key.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// Uniform in [0, 1), 53 bits: the first two words of the counter {step, 0} under the key {seed}, low words first.
double uniform(uint64_t seed, uint64_t step);

}  // namespace gpa
