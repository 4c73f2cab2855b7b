// The Vocos backbone: a stack of ConvNeXt blocks over time.
#pragma once
#include <cstdint>
#include <vector>

#include "layers/context.h"
#include "layers/conv_state.h"
#include "models/weights.h"

namespace gpa {

// Names under which a backbone's intermediates are traced; null: not at all.
struct VocosTrace {
  const char* embed = nullptr;   // after the first convolution
  const char* norm = nullptr;    // after the first norm
  const char* block0 = nullptr;  // after the first block
  const char* output = nullptr;  // after the last norm
};

// conv k7 -> LayerNorm -> blocks [x + gamma * pw2(GELU(pw1(LayerNorm(depthwise k7(x)))))] -> LayerNorm.
// With a condition c the first norm and the blocks' are adaptive: LayerNorm(x) * (Ws c + bs) + (Wt c + bt).
// Source: Siuzdak 2023 (arXiv 2306.00814), VocosBackbone; eps 1e-6.
class VocosBackbone {
 public:
  VocosBackbone() = default;
  // in_channels of the first convolution; block_count < 0: as many blocks as there are tensors. condition_dim 0: none.
  VocosBackbone(const Weights& weights, int64_t in_channels, int64_t block_count, int64_t condition_dim);

  // Channels of the input and of the result.
  int64_t in_channels() const { return in_channels_; }
  int64_t dim() const { return dim_; }
  // Frames on each side that a frame of the result depends on.
  int64_t context() const { return 3 * (1 + static_cast<int64_t>(blocks_.size())); }

  // Where a backbone stands in a stream of frames.
  using State = std::vector<ConvState>;
  State begin() const;
  // [norms * 2, dim()], in the arena: each adaptive norm's scale and shift. condition [1, condition_dim]: an operand.
  Matrix adapt(Context& ctx, const Matrix& condition) const;

  // y [frames that are done, dim()], in the arena: those that depend on frames to come wait, see conv_state.h.
  // x [frames, in_channels]; adapted: what adapt() made, or null where there is no condition.
  Matrix forward(Context& ctx, const Matrix& x, const float* adapted, State& state, bool last, const VocosTrace& trace = {}) const;
  // y [x.rows, dim()]: of all frames at once, without a condition.
  Matrix forward(Context& ctx, const Matrix& x, const VocosTrace& trace = {}) const;

 private:
  // An affine LayerNorm, or the maps from the condition to its scale and shift.
  struct AdaptiveNorm {
    Norm norm;
    Linear scale, shift;
  };
  struct Block {
    const float *dwconv, *dwconv_bias, *gamma;
    AdaptiveNorm norm;
    Linear pw1, pw2;
  };
  AdaptiveNorm load_norm(const Weights& weights) const;
  // The index-th norm: the first one, then the blocks'.
  void apply_norm(Context& ctx, const AdaptiveNorm& norm, const float* adapted, size_t index, const Matrix& x, Matrix y) const;

  int64_t dim_ = 0, in_channels_ = 0, condition_dim_ = 0;
  Linear embed_;
  AdaptiveNorm norm_;
  Norm final_norm_;
  std::vector<Block> blocks_;
};

}  // namespace gpa
