#include "engine/streamed_speech.h"

#include <algorithm>

namespace gpa {

StreamedSpeech::StreamedSpeech(const BicodecDecoder& decoder, Context& ctx, const RequestInput& input, Delivery& delivery)
    : decoder_(decoder), params_(input.stream), delivery_(delivery),
      stream_(decoder, ctx, input.voice.data(), params_.look_ahead_tokens), chunk_tokens_(std::min(params_.first_chunk_tokens, params_.max_chunk_tokens)) {
  needed_ = stream_.tokens_for(decoder_.samples(static_cast<int64_t>(chunk_tokens_)));
}

int64_t StreamedSpeech::most_samples(const BicodecDecoder& decoder, const gpa_stream_params& params, int64_t answer_tokens) {
  const int64_t beside = decoder.context_tokens() + BicodecStream::kPreviewTokens;  // what the first chunk waits for, and the last one brings
  return decoder.samples(std::min<int64_t>(params.max_chunk_tokens + 2 * beside, answer_tokens));
}

bool StreamedSpeech::due(bool complete) const {
  return (complete || static_cast<int64_t>(codes_.size()) >= needed_) && !delivery_.full();
}

bool StreamedSpeech::render(Context& ctx, bool complete) {
  const int64_t left = static_cast<int64_t>(codes_.size()) - pushed_;
  // Where the delivery was full codes have gathered; the first chunk takes its look-ahead beside its own.
  const int64_t most = std::max<int64_t>(needed_ - pushed_, params_.max_chunk_tokens);
  const int64_t count = std::min(left, most);
  const bool last = complete && count == left;
  const int64_t samples = stream_.samples_of(count, last);
  stream_.push(ctx, codes_.data() + pushed_, count, last, delivery_.room(samples));
  pushed_ += count;
  samples_ += samples;
  chunk_tokens_ = std::min<double>(chunk_tokens_ * params_.chunk_growth, params_.max_chunk_tokens);
  needed_ = stream_.tokens_for(samples_ + decoder_.samples(static_cast<int64_t>(chunk_tokens_)));
  if (samples > 0) delivery_.give(samples);
  return last;
}

}  // namespace gpa
