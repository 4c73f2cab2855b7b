// Same seed, prompt and weights: same tokens and same samples, whatever the threads and whatever runs beside a request.
#include <algorithm>
#include <cstring>
#include <random>

#include "engine/golden_prompts.h"
#include "engine/walk_engine.h"

namespace gpa::test {
namespace {

constexpr int kMixes = 200;
constexpr int kTokens = 12;

struct Asked {
  gpa_task task;
  std::vector<int32_t> ids;
  std::vector<float> pcm;
  std::vector<int32_t> voice;
  gpa_sampling sampling;
};

struct Answer {
  std::vector<int32_t> ids;
  std::vector<float> pcm;

  bool operator==(const Answer& other) const {
    return ids == other.ids && pcm.size() == other.pcm.size() &&
           (pcm.empty() || std::memcmp(pcm.data(), other.pcm.data(), pcm.size() * sizeof(float)) == 0);
  }
};

// What there is to ask for: every task, prompts of other lengths, warm sampling, in which the last bit of a logit can turn an id.
std::vector<Asked> questions() {
  std::vector<Asked> out;
  const Safetensors clip(goldens_path("short.safetensors"));
  const std::vector<float> wav = clip.at("wav").floats();
  const std::vector<int32_t> voice = clip.at("global_ids").ints();
  uint64_t seed = 1;
  for (const std::string& name : golden_prompts()) {
    const std::vector<int32_t> prompt = golden_prompt(name);
    for (const size_t length : {prompt.size() / 3, std::min<size_t>(prompt.size(), 40)}) {
      out.push_back({GPA_TASK_GENERATE, {prompt.begin(), prompt.begin() + static_cast<int64_t>(length)}, {}, {}, {1.5f, 0, 1, 1.1f, seed++}});
    }
  }
  for (const size_t length : {3, 11, 30}) {
    std::vector<int32_t> text;
    for (size_t i = 0; i < length; ++i) text.push_back(static_cast<int32_t>(i * 13 % 97));
    out.push_back({GPA_TASK_SPEAK, text, {}, voice, {1.2f, 50, 0.95f, 1, seed++}});
  }
  out.push_back({GPA_TASK_TRANSCRIBE, {}, wav, {}, {1.2f, 0, 1, 1, seed++}});
  out.push_back({GPA_TASK_CONVERT, {}, {wav.begin(), wav.begin() + 9000}, voice, {0.9f, 20, 1, 1, seed++}});
  return out;
}

RequestHandle ask(gpa_engine* engine, const Asked& asked) {
  gpa_request_params params = request_params(asked.task);
  params.ids = asked.ids.data();
  params.id_count = static_cast<int64_t>(asked.ids.size());
  if (!asked.pcm.empty()) params.pcm = asked.pcm.data();
  params.samples = static_cast<int64_t>(asked.pcm.size());
  if (!asked.voice.empty()) params.voice = asked.voice.data();
  params.sampling = asked.sampling;
  params.max_tokens = kTokens;
  return submit(engine, params);
}

Answer answer(const Asked& asked, const RequestHandle& request) {
  Answer out{answer_of(request), {}};
  if (asked.task == GPA_TASK_SPEAK || asked.task == GPA_TASK_CONVERT) {
    const float* pcm = nullptr;
    int64_t samples = 0;
    gpa_error error;
    check(gpa_request_pcm(request.get(), &pcm, &samples, &error), error);
    out.pcm.assign(pcm, pcm + samples);
  }
  return out;
}

// The slow tables have one order of sums by construction: a few mixes show it.
int mixes() {
  const std::string_view name = select_kernels()->name;
  return name == "reference" ? 5 : name == "portable" ? 20 : kMixes;
}

std::vector<Answer> answers_alone(const gpa_model* model, const std::vector<Asked>& asked, gpa_precision precision) {
  std::vector<Answer> alone;
  const EngineHandle engine = create_engine(model, {1, 1, 0, 0, nullptr, precision});
  for (const Asked& one : asked) alone.push_back(answer(one, ask(engine.get(), one)));
  return alone;
}

// Requests in random order on an engine of random threads and places, some of them joining when others are on their way.
void expect_mixes_equal(const std::string& path, gpa_precision precision) {
  const ModelHandle model = open_model(path);
  const std::vector<Asked> asked = questions();
  const std::vector<Answer> alone = answers_alone(model.get(), asked, precision);
  std::mt19937 random(7);
  const auto below = [&](size_t limit) { return static_cast<size_t>(random() % limit); };
  for (int mix = 0; mix < mixes(); ++mix) {
    const EngineHandle engine =
        create_engine(model.get(), {static_cast<int32_t>(1 + below(4)), static_cast<int32_t>(1 + below(9)), 0, 0, nullptr, precision});
    const size_t count = 2 + below(7), joins_late = below(count);
    std::vector<size_t> chosen;
    std::vector<RequestHandle> requests;
    for (size_t i = 0; i < count; ++i) {
      if (i > 0 && i == joins_late) std::this_thread::sleep_for(std::chrono::milliseconds(1 + below(4)));
      chosen.push_back(below(asked.size()));
      requests.push_back(ask(engine.get(), asked[chosen[i]]));
    }
    for (size_t i = 0; i < count; ++i) {
      ASSERT_TRUE(alone[chosen[i]] == answer(asked[chosen[i]], requests[i])) << "mix " << mix << ", question " << chosen[i];
    }
  }
}

TEST(Determinism, f32_mixesAnswerAsAlone) { expect_mixes_equal(golden_model().path(), GPA_PRECISION_EXACT); }

// Blocks of 4 and 6 bits, int8 activations in the decoder and the audio networks.
TEST(Determinism, quantised_mixesAnswerAsAlone) { expect_mixes_equal(quantised_golden_path(), GPA_PRECISION_FAST); }

TEST(Determinism, sixtyFourAtOnceAnswerAsAlone) {
  const ModelHandle model = open_model(golden_model().path());
  const std::vector<Asked> asked = questions();
  const std::vector<Answer> alone = answers_alone(model.get(), asked, GPA_PRECISION_EXACT);
  const EngineHandle engine = create_engine(model.get(), {2, 64, 0, 0, nullptr, GPA_PRECISION_EXACT});
  std::vector<RequestHandle> requests;
  for (size_t i = 0; i < 64; ++i) requests.push_back(ask(engine.get(), asked[i * 7 % asked.size()]));
  for (size_t i = 0; i < 64; ++i) {
    ASSERT_TRUE(alone[i * 7 % asked.size()] == answer(asked[i * 7 % asked.size()], requests[i])) << i;
  }
}

}  // namespace
}  // namespace gpa::test
