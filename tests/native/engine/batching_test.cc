// Continuous batching: what a request answers does not depend on what runs beside it.
//
// The walking model says which answer is right; determinism_test.cc compares whole tasks on warm sampling.
#include <algorithm>

#include "engine/golden_prompts.h"
#include "engine/walk_engine.h"

namespace gpa::test {
namespace {

struct Asked {
  std::vector<int32_t> prompt;
  int32_t max_tokens = 0;
  gpa_sampling sampling{0, 0, 1, 1, 0};
  gpa_allowed allowed = GPA_ALLOWED_TASK;
};

RequestHandle ask(gpa_engine* engine, const Asked& asked) {
  gpa_request_params params = generate_params(asked.prompt, asked.max_tokens);
  params.sampling = asked.sampling;
  params.allowed = asked.allowed;
  return submit(engine, params);
}

std::vector<std::vector<int32_t>> answers_side_by_side(gpa_engine* engine, const std::vector<Asked>& asked) {
  std::vector<RequestHandle> requests;
  for (const Asked& one : asked) requests.push_back(ask(engine, one));
  std::vector<std::vector<int32_t>> answers;
  for (const RequestHandle& request : requests) answers.push_back(answer_of(request));
  return answers;
}

std::vector<std::vector<int32_t>> answers_one_by_one(gpa_engine* engine, const std::vector<Asked>& asked) {
  std::vector<std::vector<int32_t>> answers;
  for (const Asked& one : asked) answers.push_back(answer_of(ask(engine, one)));
  return answers;
}

// Prompts from one token to several steps' rows, ends at different times.
std::vector<Asked> walks(size_t count) {
  const size_t lengths[] = {1, 2, 63, 64, 65, 255, 256, 257, 600, 7};
  std::vector<Asked> asked;
  for (size_t i = 0; i < count; ++i) {
    Asked one{{}, static_cast<int32_t>(1 + i * 11 % 150)};
    for (size_t k = 0; k < lengths[i % 10]; ++k) one.prompt.push_back(static_cast<int32_t>((i * 31 + k * k) % kWalkVocab));
    asked.push_back(std::move(one));
  }
  return asked;
}

TEST(Batching, greedy_answers_are_the_known_ones) {
  const std::vector<Asked> asked = walks(40);
  for (const gpa_engine_params& params : {gpa_engine_params{1, 5, 0, 0, nullptr, GPA_PRECISION_EXACT}, {3, 16, 0, 0, nullptr, GPA_PRECISION_EXACT}, {2, 64, 0, 0, nullptr, GPA_PRECISION_EXACT}}) {
    WalkEngine walk(params);
    const auto answers = answers_side_by_side(walk.engine.get(), asked);
    for (size_t i = 0; i < asked.size(); ++i) EXPECT_EQ(walk_from(asked[i].prompt.back(), asked[i].max_tokens), answers[i]) << i;
  }
}

TEST(Batching, sampled_answers_depend_on_the_seed_only) {
  std::vector<Asked> asked = walks(30);
  for (size_t i = 0; i < asked.size(); ++i) asked[i].sampling = {10, i % 3 == 0 ? 0 : 40, i % 2 == 0 ? 1.0f : 0.9f, i % 5 == 0 ? 1.0f : 1.2f, i / 2};
  WalkEngine alone({1, 1, 0, 0, nullptr, GPA_PRECISION_EXACT}), together({3, 16, 0, 0, nullptr, GPA_PRECISION_EXACT});
  const auto want = answers_one_by_one(alone.engine.get(), asked);
  EXPECT_EQ(want, answers_one_by_one(alone.engine.get(), asked));
  EXPECT_EQ(want, answers_side_by_side(together.engine.get(), asked));
  std::reverse(asked.begin(), asked.end());
  auto reversed = answers_side_by_side(together.engine.get(), asked);
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(want, reversed);
  EXPECT_NE(walk_from(asked.back().prompt.back(), static_cast<int64_t>(want[0].size())), want[0]) << "nothing was sampled";
}

TEST(Batching, another_seed_gives_another_answer) {
  WalkEngine walk;
  Asked asked{{1, 2, 3}, 60, {10, 0, 1, 1, 1}};
  const auto first = answer_of(ask(walk.engine.get(), asked));
  asked.sampling.seed = 2;
  EXPECT_NE(first, answer_of(ask(walk.engine.get(), asked)));
}

// ---- the goldens ----

// The smallest margin between the best and the second logit at which a greedy choice counts as firm in float32.
constexpr float kFirmMargin = 4e-4f;

struct GoldenAnswer {
  std::string name;
  Asked asked;
  std::vector<int32_t> want;
};

constexpr int32_t kGoldenIds = 32;  // of each answer; enough to cross a page of the cache and to meet the penalty

// Two greedy answers of each prompt of decoder.safetensors, up to the first choice that is not firm.
std::vector<GoldenAnswer> golden_answers() {
  std::vector<GoldenAnswer> out;
  size_t pair = 0;
  for (const std::string& prompt : golden_prompts()) {
    constexpr const char* kKinds[][2] = {{"full", "restricted_rp1.2"}, {"restricted", "full_rp1.2"}};
    for (const char* kind : kKinds[pair++ % 2]) {
      const std::string name = prompt + ".greedy_" + kind;
      GoldenAnswer answer;
      answer.name = name;
      answer.asked.prompt = golden_prompt(prompt);
      answer.asked.max_tokens = kGoldenIds;
      answer.want = golden_decoder().at(name).ints();
      const auto margin = golden_decoder().at(name + "_margin").floats();
      const auto firm = std::find_if(margin.begin(), margin.end(), [](float m) { return m <= kFirmMargin; });
      answer.want.resize(std::min(static_cast<size_t>(firm - margin.begin()), static_cast<size_t>(kGoldenIds)));
      const std::string_view rules = kind;
      if (rules.find("rp1.2") != std::string_view::npos) answer.asked.sampling.repetition_penalty = 1.2f;
      if (rules.substr(0, 10) == "restricted") answer.asked.allowed = prompt[0] == 'a' ? GPA_ALLOWED_TEXT : GPA_ALLOWED_SEMANTIC;
      out.push_back(std::move(answer));
    }
  }
  return out;
}

void expect_equal(const GoldenAnswer& golden, std::vector<int32_t> got) {
  ASSERT_GE(got.size(), golden.want.size()) << golden.name;
  got.resize(golden.want.size());
  EXPECT_EQ(golden.want, got) << golden.name;
}

TEST(Batching, golden_answers_are_all_firm) {
  int64_t ids = 0;
  for (const GoldenAnswer& golden : golden_answers()) {
    EXPECT_EQ(std::min<int64_t>(kGoldenIds, golden_decoder().at(golden.name).count()), static_cast<int64_t>(golden.want.size())) << golden.name;
    ids += static_cast<int64_t>(golden.want.size());
  }
  EXPECT_GT(ids, 500);
}

TEST(Batching, golden_answers_side_by_side_equal) {
  const ModelHandle model = open_model(golden_model().path());
  const EngineHandle engine = create_engine(model.get(), {2, 12, 0, 1024, nullptr, GPA_PRECISION_EXACT});
  std::vector<RequestHandle> requests;
  const std::vector<GoldenAnswer> answers = golden_answers();
  for (const GoldenAnswer& golden : answers) requests.push_back(ask(engine.get(), golden.asked));
  for (size_t i = 0; i < answers.size(); ++i) expect_equal(answers[i], answer_of(requests[i]));
}

// The same alone.
TEST(Batching, golden_answers_alone_equal) {
  const ModelHandle model = open_model(golden_model().path());
  const EngineHandle engine = create_engine(model.get(), {2, 1, 0, 1024, nullptr, GPA_PRECISION_EXACT});
  for (const GoldenAnswer& golden : golden_answers()) {
    if (golden.name.find("_short.") == std::string::npos || golden.name.find("_full") != std::string::npos) continue;
    expect_equal(golden, answer_of(ask(engine.get(), golden.asked)));
  }
}

}  // namespace
}  // namespace gpa::test
