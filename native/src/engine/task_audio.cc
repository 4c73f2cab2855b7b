#include "engine/task_audio.h"

#include "audio/volume.h"

namespace gpa {
namespace {

// The utterance as the codec's encoders take it, in the arena.
const float* leveled(const Model& model, Context& context, const float* pcm, int64_t samples) {
  if (!model.normalizes_volume()) return pcm;
  float* out = context.arena.matrix(1, samples).data;
  normalize_volume(pcm, samples, out);
  return out;
}

}  // namespace

std::vector<int32_t> glm_codes(const Model& model, Context& context, const float* pcm, int64_t samples) {
  Arena::Scope scope(context.arena);
  std::vector<int32_t> codes;
  model.glm().tokenize(context, pcm, samples, &codes);
  return codes;
}

std::vector<int32_t> semantic_codes(const Model& model, Context& context, const float* pcm, int64_t samples) {
  Arena::Scope scope(context.arena);
  const Matrix features = model.wav2vec2().features(context, leveled(model, context, pcm, samples), samples);
  std::vector<int32_t> codes;
  model.codec_encoder().encode(context, features, &codes);
  return codes;
}

std::vector<int32_t> voice_codes(const Model& model, Context& context, const float* pcm, int64_t samples) {
  Arena::Scope scope(context.arena);
  const Matrix mel = model.speaker().mel(context, leveled(model, context, pcm, samples), samples);
  std::vector<int32_t> codes;
  model.speaker().encode(context, mel, &codes);
  return codes;
}

std::vector<float> waveform(const Model& model, Context& context, const std::vector<int32_t>& semantic, const std::vector<int32_t>& voice) {
  if (semantic.empty()) return {};
  Arena::Scope scope(context.arena);
  const auto count = static_cast<int64_t>(semantic.size());
  std::vector<float> wav(static_cast<size_t>(model.codec_decoder().samples(count)));
  model.codec_decoder().decode(context, semantic.data(), count, voice.data(), wav.data());
  double sum = 0;
  for (float sample : wav) sum += sample;
  const auto mean = static_cast<float>(sum / static_cast<double>(wav.size()));
  for (float& sample : wav) sample -= mean;
  return wav;
}

}  // namespace gpa
