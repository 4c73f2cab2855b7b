// The prompts of decoder.safetensors and what stands beside them.
#pragma once
#include <string>
#include <vector>

#include "gpa/gpa.h"
#include "networks/golden_model.h"

namespace gpa::test {

inline const Safetensors& golden_decoder() {
  static const Safetensors file(goldens_path("decoder.safetensors"));
  return file;
}

// "asr_short", "tts_short", "vc_short", ... of every clip.
inline std::vector<std::string> golden_prompts() {
  std::vector<std::string> names;
  for (const char* task : {"asr_", "tts_", "vc_"}) {
    for (const auto& clip : golden_summary().at("clips")) names.push_back(task + clip.at("name").get<std::string>());
  }
  return names;
}

inline std::vector<int32_t> golden_prompt(const std::string& name) { return golden_decoder().at(name + ".prompt").ints(); }

// A golden distribution: the name behind "<prompt>.", and the settings that the name spells.
struct GoldenSampling {
  const char* name;
  gpa_sampling sampling;
};
constexpr GoldenSampling kGoldenSamplings[] = {
    {"probs_t0.2_rp1.2_k50", {0.2f, 50, 1.0f, 1.2f, 0}},
    {"probs_t0.9_rp1.1_k20_p0.8", {0.9f, 20, 0.8f, 1.1f, 0}},
    {"probs_t1.3_p0.95", {1.3f, 0, 0.95f, 1.0f, 0}},
};

}  // namespace gpa::test
