#include "engine/whole_speech.h"

#include <algorithm>

namespace gpa {

WholeSpeech::WholeSpeech(const BicodecDecoder& decoder, Context& ctx, const std::vector<int32_t>& voice, std::vector<int32_t> codes)
    : decoder_(decoder), stream_(decoder, ctx, voice.data(), decoder.context_tokens()), result_{std::move(codes), {}} {
  result_.pcm.reserve(static_cast<size_t>(decoder_.samples(static_cast<int64_t>(result_.ids.size()))));
}

bool WholeSpeech::render(Context& ctx, int64_t tokens) {
  const int64_t left = static_cast<int64_t>(result_.ids.size()) - pushed_, count = std::min(tokens, left);
  if (left > 0) {
    const size_t made = result_.pcm.size();
    result_.pcm.resize(made + static_cast<size_t>(stream_.samples_of(count, count == left)));
    stream_.push(ctx, result_.ids.data() + pushed_, count, count == left, result_.pcm.data() + made);
  }
  pushed_ += count;
  return count == left;
}

RequestResult WholeSpeech::take() {
  double sum = 0;
  for (float sample : result_.pcm) sum += sample;
  const auto mean = static_cast<float>(sum / static_cast<double>(std::max<size_t>(result_.pcm.size(), 1)));
  for (float& sample : result_.pcm) sample -= mean;
  return std::move(result_);
}

}  // namespace gpa
