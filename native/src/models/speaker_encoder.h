// Speaker encoder of BiCodec (ECAPA-TDNN, perceiver, FSQ): a voice clip -> the ids of the voice.
#pragma once
#include <cstdint>
#include <vector>

#include "audio/mel.h"
#include "io/gguf_file.h"
#include "layers/context.h"
#include "layers/fsq.h"
#include "models/weights.h"

namespace gpa {

// Immutable; calls with different contexts may run at once. The file must outlive it.
class SpeakerEncoder {
 public:
  // Error(MODEL_FORMAT, UNSUPPORTED): a key or tensor is missing or misshapen.
  explicit SpeakerEncoder(const GgufFile& file);

  // Magnitude mel [clip_samples / hop + 1, mel_bins] of the voice clip: the first clip_samples (6 s) of wav_normalized,
  // repeated when it is shorter; in the arena. Error(AUDIO): no samples.
  Matrix mel(Context& ctx, const float* wav_normalized, int64_t samples) const;

  // Replaces *ids by the voice's token_count (32) ids. mel [frames, mel_bins], any frames >= 1.
  // Error(INVALID_ARGUMENT): another width, or no rows.
  void encode(Context& ctx, const Matrix& mel, std::vector<int32_t>* ids) const;

 private:
  // Convolution, ReLU, then the folded BatchNorm.
  struct ConvNorm {
    Linear conv;
    Norm norm;
  };
  struct SeRes2Block {
    ConvNorm in, out;
    std::vector<ConvNorm> res;
    Linear se_down, se_up;
    int64_t dilation;
  };
  struct PerceiverLayer {
    Linear q, kv, output, ffn_up, ffn_down;
    int64_t heads, ffn;
  };
  static ConvNorm conv_norm(const Weights& weights, int64_t out, int64_t in);
  void apply(Context& ctx, const ConvNorm& layer, const Matrix& x, int64_t taps, int64_t dilation, Matrix y) const;
  void res2(Context& ctx, const SeRes2Block& block, const Matrix& x, Matrix y) const;
  void se_res2(Context& ctx, const SeRes2Block& block, const Matrix& x, Matrix y, const char* res2_name) const;
  Matrix ecapa(Context& ctx, const Matrix& mel) const;
  void perceive(Context& ctx, const PerceiverLayer& layer, const Matrix& seen, Matrix latents, bool traced) const;

  int64_t token_count_, clip_samples_, mel_bins_, width_, latent_dim_;
  MelFrontEnd front_end_;
  ConvNorm conv1_;
  SeRes2Block blocks_[3];
  Linear conv2_, context_, fsq_in_;
  const float* latents_;
  std::vector<PerceiverLayer> perceiver_;
  const float* norm_;
  Fsq fsq_;
};

}  // namespace gpa
