#include "layers/fsq.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "error.h"

namespace gpa {
namespace {

// Keeps tanh away from its asymptotes, so that the outermost level can be reached.
constexpr double kSlack = 1e-3;

}  // namespace

Fsq::Fsq(const std::vector<int64_t>& levels) {
  for (const int64_t count : levels) {
    if (count < 2 || code_count_ > std::numeric_limits<int32_t>::max() / count) {
      fail(GPA_ERROR_UNSUPPORTED, "quantiser levels must be 2 or more, with at most 2^31 - 1 combinations");
    }
    const double half = static_cast<double>(count - 1) * (1.0 + kSlack) / 2.0;
    const double offset = count % 2 == 0 ? 0.5 : 0.0;
    channels_.push_back({count, code_count_, half, offset, std::atanh(offset / half)});
    code_count_ *= count;
  }
}

Fsq Fsq::read(const GgufFile& file) {
  const char* key = "gpa.speaker.fsq_levels";
  const std::vector<int64_t> levels = file.integers(key, 2, 1 << 16);
  try {
    return Fsq(levels);
  } catch (Error& error) {
    throw error.with(file.path() + ": metadata '" + key + "'");
  }
}

int32_t Fsq::encode(const float* z, float* bounded, float* margin) const {
  int64_t id = 0;
  double nearest = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < channels_.size(); ++i) {
    const Channel& c = channels_[i];
    const double value = std::tanh(z[i] + c.shift) * c.half - c.offset;
    if (!std::isfinite(value)) fail(GPA_ERROR_INTERNAL, "the speaker encoder's result is not finite");
    bounded[i] = static_cast<float>(value);
    const int64_t digit = static_cast<int64_t>(std::nearbyint(bounded[i])) + c.levels / 2;
    id += std::clamp<int64_t>(digit, 0, c.levels - 1) * c.basis;
    nearest = std::min(nearest, std::fabs(bounded[i] - std::floor(bounded[i]) - 0.5));
  }
  *margin = static_cast<float>(nearest);
  return static_cast<int32_t>(id);
}

void Fsq::decode(int32_t id, float* values) const {
  for (size_t i = 0; i < channels_.size(); ++i) {
    const Channel& c = channels_[i];
    const int64_t digit = id / c.basis % c.levels, half_width = c.levels / 2;
    values[i] = static_cast<float>(digit - half_width) / static_cast<float>(half_width);
  }
}

}  // namespace gpa
