// Refuses requests that cannot work before they enter the queue.
#pragma once
#include "engine/request.h"
#include "models/model.h"

namespace gpa {

// Checks every field that the task uses and copies the ids. Errors: INVALID_ARGUMENT, UNSUPPORTED (the model lacks a
// network), AUDIO (empty, too short, not finite), CAPACITY (the prompt leaves no room for an answer).
RequestInput check_request(const Model& model, const gpa_request_params& params, int64_t context_tokens);

// Tokens of the prompt that this input becomes; 0 for ENROLL.
int64_t prompt_tokens(const Model& model, const RequestInput& input);

}  // namespace gpa
