// GLM-4-Voice speech tokenizer: 16 kHz audio -> 12.5 ids per second that say what is spoken.
#pragma once
#include <cstdint>
#include <vector>

#include "audio/mel.h"
#include "io/gguf_file.h"
#include "layers/context.h"
#include "layers/encoder_block.h"
#include "models/weights.h"

namespace gpa {

// Immutable; calls with different contexts may run at once. The file must outlive it.
class GlmTokenizer {
 public:
  // Error(MODEL_FORMAT, UNSUPPORTED): a key or tensor is missing or misshapen.
  explicit GlmTokenizer(const GgufFile& file);

  // *mel [T, mel_bins]: log-mel at 100 Hz of one window, T = 8 * ceil(samples / 1280); in the arena.
  // Error(AUDIO): no samples, or more than fit the positions.
  void mel(Context& ctx, const float* wav, int64_t samples, Matrix* mel) const;

  // Replaces *ids by the window's ceil(samples / 1280) ids. samples: the true length of the audio behind mel.
  // Error(INVALID_ARGUMENT): mel is not the shape that mel() gives for so many samples.
  void encode(Context& ctx, const Matrix& mel, int64_t samples, std::vector<int32_t>* ids) const;

  // Replaces *ids by those of audio of any length: windows of max_window_samples(), each with its own maximum and padding.
  void tokenize(Context& ctx, const float* wav, int64_t samples, std::vector<int32_t>* ids) const;

  // Samples of a full window: 480,000 (30 s) with 1500 positions.
  int64_t max_window_samples() const { return max_positions_ / pooling_ * pooling_ * 320; }

 private:
  int64_t dim_, max_positions_, causal_block_, pooling_, mel_bins_, code_count_;
  MelFrontEnd front_end_;
  Linear conv1_, conv2_;
  const float* positions_;
  std::vector<EncoderBlock> blocks_;
  const float* codebook_;
};

}  // namespace gpa
