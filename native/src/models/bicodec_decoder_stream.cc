#include "models/bicodec_decoder_stream.h"

#include <algorithm>

namespace gpa {

BicodecStream::BicodecStream(const BicodecDecoder& decoder, Context& ctx, const int32_t* global_ids, int64_t look_ahead)
    : decoder_(decoder), state_(decoder.begin(ctx, global_ids)) {
  if (look_ahead >= decoder.context_tokens()) {
    group_ = 1;
    horizon_ = decoder.prenet_context_;
  } else {
    const int64_t left = std::max<int64_t>(0, look_ahead - decoder.least_look_ahead());
    group_ = std::min(kPreviewTokens, left + 1);
    horizon_ = left + 1 - group_;
  }
}

int64_t BicodecStream::frames_after(int64_t tokens) const { return std::max<int64_t>(0, tokens - horizon_) / group_ * group_; }

int64_t BicodecStream::samples_after(int64_t tokens) const {
  return std::max<int64_t>(0, decoder_.samples(frames_after(tokens)) - decoder_.delay_);
}

int64_t BicodecStream::tokens_for(int64_t samples) const {
  const int64_t frames = (samples + decoder_.delay_ + decoder_.hop_ - 1) / decoder_.hop_;
  return (frames + group_ - 1) / group_ * group_ + horizon_;
}

int64_t BicodecStream::samples_of(int64_t count, bool last) const {
  const int64_t tokens = seen_ + count;
  return (last ? decoder_.samples(tokens) : samples_after(tokens)) - samples_;
}

void BicodecStream::push(Context& ctx, const int32_t* semantic, int64_t count, bool last, float* wav) {
  BicodecDecoder::check_ids("semantic", semantic, count, decoder_.code_count());
  const int64_t tokens = seen_ + count, samples = samples_of(count, last);
  Arena::Scope scope(ctx.arena);
  const Matrix frames = ctx.arena.matrix((last ? tokens : frames_after(tokens)) - frames_, decoder_.dim_);
  if (exact()) {
    const Matrix x = decoder_.backbone(ctx, semantic, count, state_, last);
    decoder_.finish_prenet(ctx, x, state_, frames);
    seen_ = tokens;
    frames_ += frames.rows;
  } else {
    make_frames(ctx, semantic, count, last, frames);
  }
  if (frames.rows > 0 || last) {
    const Matrix y = ctx.arena.matrix(samples, 1);
    decoder_.generate(ctx, frames, state_, last, y);
    ctx.queue.download(wav, y.data, static_cast<size_t>(y.rows) * sizeof(float));
  }
  samples_ += samples;
}

void BicodecStream::make_frames(Context& ctx, const int32_t* semantic, int64_t count, bool last, Matrix frames) {
  const int64_t tokens = seen_ + count;
  float* to = frames.data;
  while (seen_ < tokens) {
    const int64_t edge = frames_ + group_ + horizon_, some = std::min(edge, tokens) - seen_;
    Arena::Scope scope(ctx.arena);
    decoder_.backbone(ctx, semantic, some, state_, false);
    semantic += some;
    seen_ += some;
    if (seen_ == edge) to = preview(ctx, group_, to);
  }
  if (last) preview(ctx, tokens - frames_, to);
}

// Makes the next `count` frames as if the tokens ended here.
float* BicodecStream::preview(Context& ctx, int64_t count, float* to) {
  Arena::Scope scope(ctx.arena);
  const Matrix x = decoder_.backbone(ctx, nullptr, 0, state_, true);
  const int64_t first = frames_ - (seen_ - x.rows);
  decoder_.finish_prenet(ctx, {x.data + first * x.cols, count, x.cols}, state_, {to, count, decoder_.dim_});
  frames_ += count;
  return to + count * decoder_.dim_;
}

}  // namespace gpa
