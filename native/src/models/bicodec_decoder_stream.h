// The BiCodec decoder over ids that come one by one: every sample as soon as what it depends on is there.
//
// There are no seams, as each convolution keeps the frames that its next outputs need. With all the look-ahead that the decoder has
// (BicodecDecoder::context_tokens(), 67 tokens in GPA) the samples are those of decode(), bit by bit, and no product is computed
// twice. With less, L tokens, a sample of token t depends on no token after t + L:
//   - the wave generator always has its own right context (10 tokens in GPA), exactly;
//   - the prenet, whose right context is the other 57, makes kPreviewTokens tokens at a time. When the last of them has so many
//     tokens after it as L leaves, they are computed as if the audio ended there: padded with zeros in every layer, as at a true
//     end. This preview leaves the state alone, so that later tokens are not touched by it; its frames are computed again for the
//     next group.
// The groups of kPreviewTokens are counted from the first token: the samples do not depend on how the ids are pushed.
//
// That is the best of what was measured (docs/streaming.md): layers that each give up a part of their right context err far more.
#pragma once
#include <cstdint>
#include <vector>

#include "models/bicodec_decoder.h"

namespace gpa {

// Not thread-safe. The decoder must outlive it. A push that throws leaves it unusable.
class BicodecStream {
 public:
  // Tokens of one preview. Fewer cost more previews, more leave the last one of them less to look ahead.
  static constexpr int64_t kPreviewTokens = 8;

  // look_ahead: tokens, moved into [decoder.least_look_ahead(), decoder.context_tokens()]. global_ids [global_count()].
  // Error(INVALID_ARGUMENT): an id out of range.
  BicodecStream(const BicodecDecoder& decoder, Context& ctx, const int32_t* global_ids, int64_t look_ahead);

  // Takes ids and writes the samples that follow those made before: wav [samples_of(count, last)], on the host. last: no ids follow, all
  // samples come; nothing may be pushed afterwards. Error(INVALID_ARGUMENT): an id out of range.
  void push(Context& ctx, const int32_t* semantic, int64_t count, bool last, float* wav);

  // How many samples such a push makes.
  int64_t samples_of(int64_t count, bool last) const;
  // Samples that are made in all once so many tokens were pushed, the last one not being known as such.
  int64_t samples_after(int64_t tokens) const;
  // Tokens after which so many samples were made.
  int64_t tokens_for(int64_t samples) const;

 private:
  int64_t frames_after(int64_t tokens) const;
  bool exact() const { return horizon_ >= decoder_.prenet_context_; }
  void make_frames(Context& ctx, const int32_t* semantic, int64_t count, bool last, Matrix frames);
  float* preview(Context& ctx, int64_t count, float* to);

  const BicodecDecoder& decoder_;
  BicodecDecoder::State state_;
  int64_t horizon_;       // tokens that the prenet sees after those it makes
  int64_t group_;         // tokens that it makes at a time
  int64_t seen_ = 0;      // tokens pushed
  int64_t frames_ = 0;    // frames that the generator was given
  int64_t samples_ = 0;   // samples made
};

}  // namespace gpa
