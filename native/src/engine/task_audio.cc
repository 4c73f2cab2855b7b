#include "engine/task_audio.h"

#include "audio/volume.h"

namespace gpa {
namespace {

// The utterance as the codec's encoders take it, in the arena.
const float* leveled(const Model& model, Context& context, const float* pcm, int64_t samples) {
  if (!model.normalizes_volume()) return pcm;
  float* out = context.arena.host_matrix(1, samples).data;
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

}  // namespace gpa
