#include "models/token_space.h"

#include "error.h"

namespace gpa {
namespace {

constexpr const char* kPrefix = "gpa.tokens.";

struct Single {
  const char* name;
  int32_t TokenSpace::*member;
};

constexpr Single kSingles[] = {
    {"end_of_answer", &TokenSpace::end_of_answer},   {"start_content", &TokenSpace::start_content},
    {"end_content", &TokenSpace::end_content},       {"start_global", &TokenSpace::start_global},
    {"end_global", &TokenSpace::end_global},         {"start_semantic", &TokenSpace::start_semantic},
    {"end_semantic", &TokenSpace::end_semantic},     {"start_glm", &TokenSpace::start_glm},
    {"end_glm", &TokenSpace::end_glm},
};

}  // namespace

TokenSpace TokenSpace::read(const GgufFile& file, int64_t vocab, bool required) {
  TokenSpace tokens;
  for (const Single& single : kSingles) {
    const std::string key = std::string(kPrefix) + single.name;
    if (!required && !file.find_value(key)) continue;
    tokens.*single.member = static_cast<int32_t>(file.integer(key, 0, vocab - 1));
  }
  const std::string text_key = std::string(kPrefix) + "text_count";
  if (required || file.find_value(text_key)) tokens.text.count = static_cast<int32_t>(file.integer(text_key, 0, vocab));
  const auto range = [&](const char* name, IdRange* out) {
    const std::string key = std::string(kPrefix) + name;
    if (!required && !file.find_value(key + ".first")) return;
    out->first = static_cast<int32_t>(file.integer(key + ".first", 0, vocab - 1));
    out->count = static_cast<int32_t>(file.integer(key + ".count", 0, vocab - out->first));
  };
  range("glm", &tokens.glm);
  range("global", &tokens.global);
  range("semantic", &tokens.semantic);
  return tokens;
}

}  // namespace gpa
