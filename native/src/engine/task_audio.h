// The audio side of the tasks before the decoder runs: PCM to ids.
#pragma once
#include <vector>

#include "layers/context.h"
#include "models/model.h"

namespace gpa {

// pcm: 16 kHz mono, at least 400 samples; results are 0-based codes. Errors: AUDIO, UNSUPPORTED, OUT_OF_MEMORY, CANCELLED.
std::vector<int32_t> glm_codes(const Model& model, Context& context, const float* pcm, int64_t samples);
std::vector<int32_t> semantic_codes(const Model& model, Context& context, const float* pcm, int64_t samples);
std::vector<int32_t> voice_codes(const Model& model, Context& context, const float* pcm, int64_t samples);

}  // namespace gpa
