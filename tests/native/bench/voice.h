// Something like a voice: harmonics of a gliding pitch with pauses. jmh's Voices makes the same.
#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

namespace gpa::bench {

inline std::vector<float> voice(int64_t seconds) {
  constexpr int kSampleRate = 16000;
  std::vector<float> out(static_cast<size_t>(seconds * kSampleRate));
  double phase = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    const double t = static_cast<double>(i) / kSampleRate;
    phase += (120 + 40 * std::sin(1.7 * t)) / kSampleRate;
    double sum = 0;
    for (int h = 1; h < 12; ++h) sum += std::sin(2 * M_PI * h * phase) / h;
    out[i] = static_cast<float>(0.1 * sum * (std::sin(4 * t) > -0.7));
  }
  return out;
}

}  // namespace gpa::bench
