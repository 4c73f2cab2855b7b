// Which ids of the vocabulary mean what, as the model file says.
#pragma once
#include "io/gguf_file.h"
#include "layers/id_range.h"

namespace gpa {

struct TokenSpace {
  // Ids of single tokens; -1 where a bare decoder's file names none.
  int32_t end_of_answer = -1;
  int32_t start_content = -1, end_content = -1;
  int32_t start_global = -1, end_global = -1;
  int32_t start_semantic = -1, end_semantic = -1;
  int32_t start_glm = -1, end_glm = -1;
  IdRange text, glm, global, semantic;  // count 0 where there is none

  // Reads gpa.tokens.*; every id must be below vocab. required: absent keys are an Error(MODEL_FORMAT).
  static TokenSpace read(const GgufFile& file, int64_t vocab, bool required);
};

}  // namespace gpa
