// What each task asks the decoder: its prompt, the ids that may answer, and where an answer ends.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/allowed_ids.h"
#include "gpa/gpa.h"
#include "models/token_space.h"

namespace gpa {

using Ids = std::span<const int32_t>;

// start_glm glm end_glm start_semantic semantic end_semantic start_content
// glm, semantic: 0-based codes, as the tokenizers give them. Error(MODEL_FORMAT): a code is beyond the vocabulary's range.
std::vector<int32_t> transcribe_prompt(const TokenSpace& tokens, Ids glm, Ids semantic);
// start_global voice end_global start_content text end_content
std::vector<int32_t> speak_prompt(const TokenSpace& tokens, Ids voice, Ids text);
// start_global voice end_global start_semantic semantic end_semantic end_content
std::vector<int32_t> convert_prompt(const TokenSpace& tokens, Ids voice, Ids semantic);

// Single tokens around the audio's and the text's in the prompts above.
constexpr int64_t kTranscribeMarkers = 5, kSpeakMarkers = 4, kConvertMarkers = 5;

AllowedIds allowed_ids(const TokenSpace& tokens, int64_t vocab, gpa_task task, gpa_allowed allowed);

// Whether this id ends the task's answer.
bool ends_answer(const TokenSpace& tokens, gpa_task task, int32_t id);

// What the caller gets of the decoder's answer: text ids, semantic codes (0-based), or all of it.
std::vector<int32_t> answer_result(const TokenSpace& tokens, gpa_task task, Ids answer);

}  // namespace gpa
