// Refuses requests that cannot work before they enter the queue.
#pragma once
#include "engine/request.h"
#include "models/model.h"

namespace gpa {

// value, or fallback where it is 0. Error(INVALID_ARGUMENT): it does not lie in [0, max].
int checked(const char* field, int value, int max, int fallback);

// What the engine adds to a request.
struct RequestLimits {
  // Errs by less than -40 dB (docs/streaming.md).
  static constexpr int32_t kLookAhead = 28;

  int64_t context_tokens;
  int32_t look_ahead_tokens = kLookAhead;  // of streams that name none
};

// Checks every field that the task uses and copies the ids. Errors: INVALID_ARGUMENT, UNSUPPORTED (the model lacks a
// network), AUDIO (empty, too short, not finite), CAPACITY (the prompt leaves no room for an answer).
RequestInput check_request(const Model& model, const gpa_request_params& params, RequestLimits limits);

// Tokens of the prompt that this input becomes; 0 for ENROLL.
int64_t prompt_tokens(const Model& model, const RequestInput& input);

}  // namespace gpa
