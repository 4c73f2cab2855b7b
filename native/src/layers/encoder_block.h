// The pre-norm transformer block of Whisper's and wav2vec2's encoders.
#pragma once
#include <cstdint>

#include "layers/context.h"
#include "models/weights.h"

namespace gpa {

// What all blocks of a network attend over: which keys a frame sees, as in AttentionArgs, and memory for them, in the arena.
struct EncoderFrames {
  Mask mask;
  int64_t block;
  int64_t keys;  // frames at or after it are invisible
  Matrix kv;     // [2 * frames, dim]: keys, then values
  const AttentionSequence* sequence;

  static EncoderFrames make(Context& ctx, int64_t frames, int64_t dim, int64_t keys, Mask mask, int64_t block = 1);
};

// x += out(attention(q, k, v of LayerNorm(x)));  x += down(GELU(up(LayerNorm(x)))).
// Source: Vaswani et al. 2017, pre-norm; HF WhisperEncoderLayer, Wav2Vec2EncoderLayerStableLayerNorm.
class EncoderBlock {
 public:
  // key_bias: whether attn_k has one. dim is a multiple of heads (Error(MODEL_FORMAT) otherwise).
  EncoderBlock(const Weights& weights, int64_t dim, int64_t ffn, int64_t heads, bool key_bias, float epsilon);

  // In place on x [frames, dim]. Of the rounding in ctx only ffn_down makes use: a third of the work, and what it errs by hardly moves the
  // ids that come of it (docs/precision.md).
  void forward(Context& ctx, const Matrix& x, const EncoderFrames& frames) const;

 private:
  int64_t dim_, heads_;
  float epsilon_;
  Norm attn_norm_, ffn_norm_;
  Linear q_, k_, v_, output_, up_, down_;
};

}  // namespace gpa
