// The audio side of the tasks: PCM to ids before the decoder runs, ids to PCM after it.
#pragma once
#include <vector>

#include "layers/context.h"
#include "models/model.h"

namespace gpa {

// pcm: 16 kHz mono, at least 400 samples; results are 0-based codes. Errors: AUDIO, UNSUPPORTED, OUT_OF_MEMORY, CANCELLED.
std::vector<int32_t> glm_codes(const Model& model, Context& context, const float* pcm, int64_t samples);
std::vector<int32_t> semantic_codes(const Model& model, Context& context, const float* pcm, int64_t samples);
std::vector<int32_t> voice_codes(const Model& model, Context& context, const float* pcm, int64_t samples);

// The waveform of semantic codes in a voice, its mean removed.
std::vector<float> waveform(const Model& model, Context& context, const std::vector<int32_t>& semantic, const std::vector<int32_t>& voice);

}  // namespace gpa
