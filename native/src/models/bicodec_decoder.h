// BiCodec decoder: semantic ids and the ids of a voice -> 16 kHz waveform.
#pragma once
#include <cstdint>
#include <vector>

#include "io/gguf_file.h"
#include "layers/context.h"
#include "layers/conv_state.h"
#include "layers/fsq.h"
#include "layers/vocos.h"
#include "models/weights.h"

namespace gpa {

// Immutable; calls with different contexts may run at once. The file must outlive it.
class BicodecDecoder {
 public:
  // Error(MODEL_FORMAT, UNSUPPORTED): a key or tensor is missing or misshapen.
  explicit BicodecDecoder(const GgufFile& file);

  // Samples of so many semantic tokens (320 each in GPA).
  int64_t samples(int64_t tokens) const { return tokens * hop_; }
  // Semantic ids lie in [0, code_count()).
  int64_t code_count() const { return code_count_; }
  // Ids of a voice, and the range [0, global_code_count()) they lie in.
  int64_t global_count() const { return global_count_; }
  int64_t global_code_count() const { return fsq_.code_count(); }

  // wav[samples(count)] in (-1, 1), mean not removed. semantic [count], count >= 0; global_ids [global_count()].
  // Memory does not grow with count: long answers are decoded piece by piece by a BicodecStream, whose result is that of one
  // piece. Under an observer (ctx.trace_fn) everything is one piece.
  // Error(INVALID_ARGUMENT): an id out of range.
  void decode(Context& ctx, const int32_t* semantic, int64_t count, const int32_t* global_ids, float* wav) const;

  // Tokens on each side that a token's samples depend on (67 in GPA), and those of them after it that the generator needs (10).
  int64_t context_tokens() const { return prenet_context_ + generator_context_; }
  int64_t least_look_ahead() const { return (delay_ + hop_ - 1) / hop_; }

 private:
  friend class BicodecStream;

  struct ResidualUnit {
    const float *snake1, *snake2;
    Linear conv1, conv2;
  };
  struct UpBlock {
    int64_t in_channels, out_channels, rate, taps, taps_per_phase;
    const float* snake;
    Linear up;
    ResidualUnit res[3];
  };
  // What a stream carries from one piece to the next.
  struct UpState {
    UpConvState up;
    std::vector<ConvState> res;
  };
  struct State {
    Buffer d, adapted;  // of the voice: constant
    VocosBackbone::State stages[2], backbone;
    ConvState conv_in, conv_out;
    std::vector<UpState> up;
  };
  static void check_ids(const char* what, const int32_t* ids, int64_t count, int64_t limit);
  void load_generator(const Weights& weights, const GgufFile& file);
  int64_t generator_context() const;
  int64_t generator_delay() const;
  Matrix d_vector(Context& ctx, const int32_t* global_ids) const;

  State begin(Context& ctx, const int32_t* global_ids) const;
  // last: as in conv_state.h. Results lie in the arena.
  Matrix backbone(Context& ctx, const int32_t* semantic, int64_t count, State& state, bool last) const;
  void finish_prenet(Context& ctx, const Matrix& x, State& state, Matrix y) const;
  Matrix up_block(Context& ctx, const UpBlock& block, const Matrix& x, UpState& state, bool last, bool first, int64_t* room) const;
  float* up_blocks(Context& ctx, size_t i, const Matrix& x, State& state, bool last, int64_t room, float* to) const;
  void generate(Context& ctx, const Matrix& x, State& state, bool last, Matrix y) const;

  int64_t hop_, code_count_, code_dim_, global_count_, dim_, latent_dim_, prenet_context_, generator_context_;
  int64_t delay_;  // samples that the generator holds back until more tokens or the end come
  bool tanh_;
  const float* codebook_;
  Linear quantizer_out_, fsq_out_, project_, prenet_in_, prenet_out_;
  VocosBackbone stages_[2];
  VocosBackbone backbone_;
  Fsq fsq_;
  Linear conv_in_, conv_out_;
  std::vector<UpBlock> up_blocks_;
  const float* snake_;
};

}  // namespace gpa
