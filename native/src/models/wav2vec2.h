// wav2vec 2.0 (XLSR-53, large): 16 kHz audio -> 50 feature vectors per second.
#pragma once
#include <cstdint>
#include <vector>

#include "io/gguf_file.h"
#include "layers/context.h"
#include "layers/encoder_block.h"
#include "models/weights.h"

namespace gpa {

// Immutable; calls with different contexts may run at once. The file must outlive it.
class Wav2Vec2 {
 public:
  // Error(MODEL_FORMAT, UNSUPPORTED): a key or tensor is missing or misshapen.
  explicit Wav2Vec2(const GgufFile& file);

  // The mean of the feature layers' inputs, [frames(samples), width], in the arena. wav_normalized: after normalize_volume().
  // Error(AUDIO): shorter than one frame.
  Matrix features(Context& ctx, const float* wav_normalized, int64_t samples) const;

  // Frames of so many samples, floor((samples - 400) / 320) + 1 with the published strides; 0 when too short.
  int64_t frames(int64_t samples) const;

 private:
  struct ConvLayer {
    int64_t channels, taps, stride;
    Linear conv;
    Norm norm;
  };
  void convolve(Context& ctx, const float* input, int64_t samples, Matrix out) const;
  void convolve_window(Context& ctx, const float* input, int64_t samples, Matrix out, bool traced) const;
  void add_positions(Context& ctx, Matrix x) const;

  int64_t dim_, positional_taps_, positional_groups_;
  float epsilon_;
  std::vector<ConvLayer> convs_;
  Norm projection_norm_;
  Linear projection_, positional_;
  std::vector<EncoderBlock> blocks_;
  std::vector<int64_t> feature_layers_;
};

}  // namespace gpa
