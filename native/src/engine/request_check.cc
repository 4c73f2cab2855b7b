#include "engine/request_check.h"

#include <cmath>

#include "engine/prompt.h"
#include "engine/sampler.h"
#include "error.h"
#include "raw_enum.h"

namespace gpa {
namespace {

constexpr int64_t kMinSamples = 400;         // one frame of wav2vec2
constexpr int64_t kMinVoiceSamples = 1600;   // 0.1 s
constexpr int64_t kMaxSamples = int64_t{1} << 40;
constexpr int64_t kSamplesPerGlmToken = 1280;
constexpr int64_t kMaxIds = 1 << 28;
// Defaults of streams.
constexpr int32_t kFirstChunk = 10, kMaxChunk = 50;
constexpr float kChunkGrowth = 1.5f;

bool takes_pcm(gpa_task task) { return task == GPA_TASK_TRANSCRIBE || task == GPA_TASK_ENROLL || task == GPA_TASK_CONVERT; }
bool takes_ids(gpa_task task) { return task == GPA_TASK_SPEAK || task == GPA_TASK_GENERATE; }
bool takes_voice(gpa_task task) { return task == GPA_TASK_SPEAK || task == GPA_TASK_CONVERT; }

void check_enum(const char* field, int32_t value, int32_t last) {
  if (value < 0 || value > last) fail(GPA_ERROR_INVALID_ARGUMENT, "%s is %d; it must lie in [0, %d]", field, value, last);
}

// Error(UNSUPPORTED) names the first network that is missing.
void require_networks(const Model& model, gpa_task task) {
  if (task == GPA_TASK_ENROLL) {
    model.speaker();
    return;
  }
  model.decoder();
  if (task == GPA_TASK_GENERATE) return;
  model.codec_decoder();
  if (task == GPA_TASK_TRANSCRIBE) model.glm();
  if (task != GPA_TASK_SPEAK) model.wav2vec2();
}

void check_samples(const float* pcm, int64_t samples, const char* field) {
  // Summing is quicker than testing each: NaN and infinity survive any sum (of doubles, which floats cannot overflow).
  constexpr int64_t kBlock = 1024;
  for (int64_t begin = 0; begin < samples; begin += kBlock) {
    const int64_t end = begin + kBlock < samples ? begin + kBlock : samples;
    double sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += std::fabs(static_cast<double>(pcm[i]));
    if (std::isfinite(sum)) continue;
    for (int64_t i = begin; i < end; ++i) {
      if (!std::isfinite(pcm[i])) fail(GPA_ERROR_AUDIO, "%s[%lld] is not a finite number", field, static_cast<long long>(i));
    }
  }
}

gpa_stream_params check_stream(gpa_stream_params stream, int32_t look_ahead_tokens) {
  if (stream.chunk_growth != 0 && !(stream.chunk_growth >= 1 && stream.chunk_growth <= 16)) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "stream.chunk_growth is %g; it must be 0 or lie in [1, 16]", static_cast<double>(stream.chunk_growth));
  }
  stream.look_ahead_tokens = checked("stream.look_ahead_tokens", stream.look_ahead_tokens, INT32_MAX, look_ahead_tokens);
  stream.first_chunk_tokens = checked("stream.first_chunk_tokens", stream.first_chunk_tokens, INT32_MAX, kFirstChunk);
  stream.max_chunk_tokens = checked("stream.max_chunk_tokens", stream.max_chunk_tokens, INT32_MAX, kMaxChunk);
  if (stream.chunk_growth == 0) stream.chunk_growth = kChunkGrowth;
  return stream;
}

void check_pcm(const gpa_request_params& params) {
  if (params.samples < 0 || params.samples > kMaxSamples) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "samples is %lld", static_cast<long long>(params.samples));
  }
  const int64_t least = params.task == GPA_TASK_ENROLL ? kMinVoiceSamples : kMinSamples;
  if (params.samples < least) {
    fail(GPA_ERROR_AUDIO, "audio of %lld samples (%.3f s) is %s: %lld samples (%.3f s at 16 kHz) are the least",
         static_cast<long long>(params.samples), static_cast<double>(params.samples) / 16000,
         params.samples == 0 ? "empty" : "too short", static_cast<long long>(least), static_cast<double>(least) / 16000);
  }
  if (!params.pcm) fail(GPA_ERROR_INVALID_ARGUMENT, "pcm is null");
  check_samples(params.pcm, params.samples, "pcm");
  if (params.task == GPA_TASK_TRANSCRIBE && params.pcm_mix) check_samples(params.pcm_mix, params.samples, "pcm_mix");
}

std::vector<int32_t> copy_ids(const int32_t* ids, int64_t count, const IdRange& range, const char* field) {
  if (count < 1 || count > kMaxIds) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "%s: %lld ids; 1 to %lld are possible", field, static_cast<long long>(count), static_cast<long long>(kMaxIds));
  }
  if (!ids) fail(GPA_ERROR_INVALID_ARGUMENT, "%s is null", field);
  for (int64_t i = 0; i < count; ++i) {
    if (!range.contains(ids[i])) {
      fail(GPA_ERROR_INVALID_ARGUMENT, "%s[%lld] is %d; it must lie in [%d, %d)", field, static_cast<long long>(i), ids[i],
           range.first, range.first + range.count);
    }
  }
  return {ids, ids + count};
}

}  // namespace

int checked(const char* field, int value, int max, int fallback) {
  if (value < 0 || value > max) fail(GPA_ERROR_INVALID_ARGUMENT, "%s is %d; it must lie in [0, %d]", field, value, max);
  return value == 0 ? fallback : value;
}

RequestInput check_request(const Model& model, const gpa_request_params& params, RequestLimits limits) {
  check_enum("task", raw_enum(params.task), GPA_TASK_GENERATE);
  check_enum("allowed", raw_enum(params.allowed), GPA_ALLOWED_SEMANTIC);
  if (params.max_tokens < 0) fail(GPA_ERROR_INVALID_ARGUMENT, "max_tokens is %d", params.max_tokens);
  require_networks(model, params.task);

  RequestInput input{};
  input.task = params.task;
  input.allowed = params.allowed;
  input.sampling = params.sampling;
  input.max_tokens = params.max_tokens;
  if (params.chunk) {
    if (!takes_voice(params.task)) fail(GPA_ERROR_INVALID_ARGUMENT, "chunk is set, but task %d makes no speech", raw_enum(params.task));
    input.chunk = params.chunk;
    input.stream = check_stream(params.stream, limits.look_ahead_tokens);
  }
  if (takes_pcm(params.task)) {
    check_pcm(params);
    input.pcm = params.pcm;
    input.pcm_mix = params.pcm_mix ? params.pcm_mix : params.pcm;
    input.samples = params.samples;
  }
  if (params.task == GPA_TASK_ENROLL) return input;

  check_sampling(params.sampling);
  const TokenSpace& tokens = model.tokens();
  const int64_t vocab = model.decoder().vocab();
  if (takes_ids(params.task)) {
    const IdRange all{0, static_cast<int32_t>(vocab)};
    input.ids = copy_ids(params.ids, params.id_count, params.task == GPA_TASK_SPEAK ? tokens.text : all, "ids");
  }
  if (takes_voice(params.task)) input.voice = copy_ids(params.voice, GPA_VOICE_TOKENS, {0, tokens.global.count}, "voice");
  if (allowed_ids(tokens, vocab, params.task, params.allowed).count() == 0) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "allowed is %d, but the model names no such ids", static_cast<int>(params.allowed));
  }
  const int64_t prompt = prompt_tokens(model, input);
  if (prompt >= limits.context_tokens) {
    fail(GPA_ERROR_CAPACITY, "the prompt takes %lld tokens, the context holds %lld, an answer included: shorten the input",
         static_cast<long long>(prompt), static_cast<long long>(limits.context_tokens));
  }
  return input;
}

int64_t prompt_tokens(const Model& model, const RequestInput& input) {
  const auto ids = static_cast<int64_t>(input.ids.size()), voice = static_cast<int64_t>(input.voice.size());
  switch (input.task) {
    case GPA_TASK_TRANSCRIBE:
      return (input.samples + kSamplesPerGlmToken - 1) / kSamplesPerGlmToken + model.wav2vec2().frames(input.samples) + kTranscribeMarkers;
    case GPA_TASK_SPEAK: return voice + ids + kSpeakMarkers;
    case GPA_TASK_CONVERT: return voice + model.wav2vec2().frames(input.samples) + kConvertMarkers;
    case GPA_TASK_GENERATE: return ids;
    default: return 0;
  }
}

}  // namespace gpa
