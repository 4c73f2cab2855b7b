// The tiny model with some of its parts changed; where it opens, every network runs on a little audio and a few ids.
#include <time.h>

#include <cmath>
#include <map>
#include <vector>

#include "edits.h"
#include "engine/stages.h"
#include "failure.h"
#include "harness.h"
#include "tiny_model.h"

using namespace gpa;
using namespace gpa::fuzz;

namespace {

constexpr double kMaxSeconds = 2;  // of all networks together; then the observer stops them

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// What the networks have computed so far, by name: each takes what the one before made.
struct Results {
  struct Entry {
    gpa_tensor tensor;
    std::vector<uint32_t> words;
  };
  std::map<std::string, Entry> entries;
  double deadline = cpu_seconds() + kMaxSeconds;

  void set(const std::string& name, gpa_dtype type, int64_t rows, int64_t cols, const void* data) {
    Entry& entry = entries[name];
    const auto* words = static_cast<const uint32_t*>(data);
    entry.words.assign(words, words + rows * cols);
    entry.tensor = {entries.find(name)->first.c_str(), type, rows, cols, entry.words.data()};
  }
  static int32_t observe(void* user, const gpa_tensor* tensor) {
    auto& self = *static_cast<Results*>(user);
    self.set(tensor->name, tensor->type, tensor->rows, tensor->cols, tensor->data);
    return cpu_seconds() > self.deadline;
  }
};

void run(const Model& model, Rounding rounding, Results* results, const char* network, std::initializer_list<const char*> inputs) {
  std::vector<gpa_tensor> tensors;
  for (const char* name : inputs) {
    const auto found = results->entries.find(name);
    if (found == results->entries.end()) return;
    tensors.push_back(found->second.tensor);
  }
  const Compute compute{nullptr, *select_kernels(), 1, rounding};
  const Failure failure = guarded([&] { run_stage(model, compute, network, tensors, Results::observe, results); });
  if (failure.code == GPA_ERROR_INTERNAL && failure.message != "the speaker encoder's result is not finite") finding(failure.message.c_str());
  if (failure.code == GPA_ERROR_OUT_OF_MEMORY) finding(failure.message.c_str());
}

void run_all(const Model& model, Rounding rounding) {
  constexpr int64_t kSamples = 700;
  std::vector<float> wav(kSamples);
  for (size_t i = 0; i < wav.size(); ++i) wav[i] = 0.3f * std::sin(0.2f * static_cast<float>(i));
  const int32_t samples = kSamples, prompt[] = {0, 1, 2, 3, 1}, all = 1;
  std::vector<int32_t> voice(GPA_VOICE_TOKENS, 0);
  Results results;
  results.set("wav", GPA_F32, 1, kSamples, wav.data());
  results.set("samples", GPA_I32, 1, 1, &samples);
  results.set("prompt", GPA_I32, 1, std::size(prompt), prompt);
  results.set("all", GPA_I32, 1, 1, &all);
  results.set("global_ids", GPA_I32, 1, GPA_VOICE_TOKENS, voice.data());
  run(model, rounding, &results, "volume", {"wav"});
  run(model, rounding, &results, "glm_mel", {"wav"});
  run(model, rounding, &results, "glm_tokenizer", {"glm_mel", "samples"});
  run(model, rounding, &results, "wav2vec2", {"wav_normalized"});
  run(model, rounding, &results, "bicodec_encoder", {"w2v_feat"});
  run(model, rounding, &results, "speaker_mel", {"wav_normalized"});
  run(model, rounding, &results, "speaker_encoder", {"speaker_mel"});
  run(model, rounding, &results, "bicodec_decoder", {"semantic_ids", "global_ids"});
  run(model, rounding, &results, "decoder", {"prompt", "all"});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const GgufImage image = tiny_model();
  static MemoryFile file;
  file.write(edited(image, data, size));
  std::shared_ptr<const Model> model;
  const Failure failure = guarded([&] { model = Model::open(file.path(), false); });
  if (failure.code == GPA_OK) run_all(*model, size % 2 == 0 ? Rounding::kNone : Rounding::kInt8);
  return 0;
}
