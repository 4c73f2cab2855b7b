#include "audio/volume.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gpa {
namespace {

constexpr float kTarget = 0.2f;
constexpr float kQuietPeak = 0.1f;
constexpr float kSilence = 1e-3f;
constexpr float kAudible = 0.01f;
constexpr size_t kFewest = 10;

float peak(const float* wav, int64_t samples) {
  float highest = 0;
  for (int64_t i = 0; i < samples; ++i) highest = std::max(highest, std::fabs(wav[i]));
  return highest;
}

// Mean of the elements that would stand at [0.9 n, 0.99 n) if they were sorted. n > 10, so the range is not empty.
float loudness(std::vector<float>& values) {
  const auto count = static_cast<double>(values.size());
  const auto begin = values.begin() + static_cast<int64_t>(0.9 * count);
  const auto end = values.begin() + static_cast<int64_t>(0.99 * count);
  std::nth_element(values.begin(), begin, values.end());
  if (end != values.end()) std::nth_element(begin, end, values.end());
  double sum = 0;
  for (auto it = begin; it != end; ++it) sum += *it;
  return static_cast<float>(sum / static_cast<double>(end - begin));
}

}  // namespace

void normalize_volume(const float* wav, int64_t samples, float* out) {
  const float highest = peak(wav, samples);
  // The percentiles are those of the signal as it came, also when it is raised first.
  std::vector<float> audible;
  for (int64_t i = 0; i < samples; ++i) {
    if (std::fabs(wav[i]) > kAudible) audible.push_back(std::fabs(wav[i]));
  }
  if (highest < kQuietPeak) {
    const float divisor = std::max(highest, kSilence);
    for (int64_t i = 0; i < samples; ++i) out[i] = wav[i] / divisor * kQuietPeak;
  } else if (out != wav) {
    std::copy(wav, wav + samples, out);
  }
  if (audible.size() <= kFewest) return;

  const float gain = std::clamp(kTarget / loudness(audible), 0.1f, 10.0f);
  for (int64_t i = 0; i < samples; ++i) out[i] *= gain;
  const float loudest = peak(out, samples);
  if (loudest > 1) {
    for (int64_t i = 0; i < samples; ++i) out[i] /= loudest;
  }
}

}  // namespace gpa
