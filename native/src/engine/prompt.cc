#include "engine/prompt.h"

#include "error.h"

namespace gpa {
namespace {

// Appends the ids of 0-based codes.
void append_codes(std::vector<int32_t>& prompt, Ids codes, const IdRange& range, const char* what) {
  for (int32_t code : codes) {
    if (code < 0 || code >= range.count) {
      fail(GPA_ERROR_MODEL_FORMAT, "%s code %d has no id: gpa.tokens gives them %d", what, code, range.count);
    }
    prompt.push_back(range.first + code);
  }
}

}  // namespace

std::vector<int32_t> transcribe_prompt(const TokenSpace& tokens, Ids glm, Ids semantic) {
  std::vector<int32_t> prompt{tokens.start_glm};
  append_codes(prompt, glm, tokens.glm, "GLM");
  prompt.push_back(tokens.end_glm);
  prompt.push_back(tokens.start_semantic);
  append_codes(prompt, semantic, tokens.semantic, "semantic");
  prompt.push_back(tokens.end_semantic);
  prompt.push_back(tokens.start_content);
  return prompt;
}

std::vector<int32_t> speak_prompt(const TokenSpace& tokens, Ids voice, Ids text) {
  std::vector<int32_t> prompt{tokens.start_global};
  append_codes(prompt, voice, tokens.global, "voice");
  prompt.push_back(tokens.end_global);
  prompt.push_back(tokens.start_content);
  prompt.insert(prompt.end(), text.begin(), text.end());
  prompt.push_back(tokens.end_content);
  return prompt;
}

std::vector<int32_t> convert_prompt(const TokenSpace& tokens, Ids voice, Ids semantic) {
  std::vector<int32_t> prompt{tokens.start_global};
  append_codes(prompt, voice, tokens.global, "voice");
  prompt.push_back(tokens.end_global);
  prompt.push_back(tokens.start_semantic);
  append_codes(prompt, semantic, tokens.semantic, "semantic");
  prompt.push_back(tokens.end_semantic);
  prompt.push_back(tokens.end_content);
  return prompt;
}

AllowedIds allowed_ids(const TokenSpace& tokens, int64_t vocab, gpa_task task, gpa_allowed allowed) {
  if (allowed == GPA_ALLOWED_TASK) {
    allowed = task == GPA_TASK_TRANSCRIBE ? GPA_ALLOWED_TEXT : task == GPA_TASK_GENERATE ? GPA_ALLOWED_ALL : GPA_ALLOWED_SEMANTIC;
  }
  const IdRange end{tokens.end_of_answer, 1};
  switch (allowed) {
    case GPA_ALLOWED_TEXT: return AllowedIds({tokens.text, {tokens.end_content, 1}, end});
    case GPA_ALLOWED_SEMANTIC: return AllowedIds({tokens.semantic, end});
    default: return AllowedIds({{0, static_cast<int32_t>(vocab)}});
  }
}

bool ends_answer(const TokenSpace& tokens, gpa_task task, int32_t id) {
  return id == tokens.end_of_answer || (task == GPA_TASK_TRANSCRIBE && id == tokens.end_content);
}

std::vector<int32_t> answer_result(const TokenSpace& tokens, gpa_task task, Ids answer) {
  if (task == GPA_TASK_GENERATE) return {answer.begin(), answer.end()};
  const IdRange& wanted = task == GPA_TASK_TRANSCRIBE ? tokens.text : tokens.semantic;
  std::vector<int32_t> out;
  for (int32_t id : answer) {
    if (wanted.contains(id) && !ends_answer(tokens, task, id)) out.push_back(id - wanted.first);
  }
  return out;
}

}  // namespace gpa
