// Finite scalar quantisation: each of a few channels is squashed and rounded to one of its levels.
#pragma once
#include <cstdint>
#include <vector>

#include "io/gguf_file.h"

namespace gpa {

// Source: Mentzer et al. 2023 (arXiv 2309.15505), section 3.1; vector-quantize-pytorch FSQ.
class Fsq {
 public:
  Fsq() = default;
  // levels, each >= 2; their product fits int32 (Error(UNSUPPORTED) otherwise).
  explicit Fsq(const std::vector<int64_t>& levels);
  // The levels that a model file names. Error(MODEL_FORMAT, UNSUPPORTED) naming file and key.
  static Fsq read(const GgufFile& file);

  int64_t channels() const { return static_cast<int64_t>(channels_.size()); }
  // Ids lie in [0, code_count()).
  int64_t code_count() const { return code_count_; }

  // One row: bounded[channels()] = tanh(z + shift) * half - offset; returns the id of its rounding (half to even), and in
  // *margin the distance of the nearest channel to a rounding boundary. Error(INTERNAL): z is not finite.
  int32_t encode(const float* z, float* bounded, float* margin) const;
  // values[channels()] of an id, each in [-1, 1].
  void decode(int32_t id, float* values) const;

 private:
  struct Channel {
    int64_t levels, basis;
    double half, offset, shift;
  };
  std::vector<Channel> channels_;
  int64_t code_count_ = 1;
};

}  // namespace gpa
