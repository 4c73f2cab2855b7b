// Prompts that begin alike, over the C interface: fewer rows are read, and the answers have the same bits.
#include <algorithm>

#include "engine/golden_prompts.h"
#include "engine/walk_engine.h"

namespace gpa::test {
namespace {

constexpr gpa_engine_params kEngine{2, 6, 0, 1024, nullptr, GPA_PRECISION_EXACT};
constexpr int64_t kVoicePrompt = GPA_VOICE_TOKENS + 3;  // with the markers around it

struct Answer {
  std::vector<int32_t> ids;
  std::vector<float> pcm;
  bool operator==(const Answer&) const = default;
};

// Sampled so warmly that the last bit of a logit can turn an id.
class Sharing : public testing::TestWithParam<std::string> {
 protected:
  const ModelHandle model_ = open_model(GetParam());

  EngineHandle engine() const { return create_engine(model_.get(), kEngine); }

  RequestHandle speak(const EngineHandle& engine, const std::vector<int32_t>& voice, const std::vector<int32_t>& text, uint64_t seed) const {
    gpa_request_params params = request_params(GPA_TASK_SPEAK);
    params.ids = text.data();
    params.id_count = static_cast<int64_t>(text.size());
    params.voice = voice.data();
    params.sampling = {1.3f, 0, 1, 1.1f, seed};
    params.max_tokens = 40;
    return submit(engine.get(), params);
  }
  RequestHandle generate(const EngineHandle& engine, const std::vector<int32_t>& prompt, uint64_t seed) const {
    gpa_request_params params = generate_params(prompt, 30);
    params.sampling = {1.3f, 0, 1, 1.1f, seed};
    return submit(engine.get(), params);
  }
  static Answer answer(const RequestHandle& request) { return {answer_of(request), pcm_of(request)}; }
};

const std::vector<int32_t> kAnna(GPA_VOICE_TOKENS, 7), kBert(GPA_VOICE_TOKENS, 9);

std::vector<int32_t> text(size_t length, int32_t first) {
  std::vector<int32_t> ids;
  for (size_t i = 0; i < length; ++i) ids.push_back(static_cast<int32_t>((static_cast<size_t>(first) + i * 13) % 97));
  return ids;
}

TEST_P(Sharing, a_voice_is_read_once_whoever_comes_next_or_at_the_same_time) {
  constexpr size_t kTexts = 6;
  std::vector<Answer> alone;
  for (size_t i = 0; i < kTexts; ++i) {
    const EngineHandle fresh = engine();
    alone.push_back(answer(speak(fresh, kAnna, text(3 + 7 * i, static_cast<int32_t>(i + 1)), i)));
    EXPECT_EQ(0, stats_of(fresh).prefix_rows);
  }
  const EngineHandle shared = engine();
  for (const bool at_once : {true, false}) {
    std::vector<RequestHandle> requests;
    for (size_t i = 0; i < kTexts; ++i) {
      requests.push_back(speak(shared, kAnna, text(3 + 7 * i, static_cast<int32_t>(i + 1)), i));
      if (!at_once) answer_of(requests.back());
    }
    for (size_t i = 0; i < kTexts; ++i) EXPECT_TRUE(alone[i] == answer(requests[i])) << i << " " << at_once;
  }
  const gpa_engine_stats stats = stats_of(shared);
  EXPECT_EQ((2 * kTexts - 1) * kVoicePrompt, static_cast<size_t>(stats.prefix_rows));
  int64_t prompts = 0, answers = 0;
  for (size_t i = 0; i < kTexts; ++i) prompts += kVoicePrompt + static_cast<int64_t>(4 + 7 * i);
  for (const Answer& one : alone) answers += static_cast<int64_t>(one.ids.size());
  EXPECT_GE(stats.rows, 2 * prompts - stats.prefix_rows + 2 * (answers - static_cast<int64_t>(kTexts)));
  EXPECT_LE(stats.rows, 2 * prompts - stats.prefix_rows + 2 * (answers + static_cast<int64_t>(kTexts)));
}

TEST_P(Sharing, voices_do_not_mix) {
  const EngineHandle fresh_anna = engine(), fresh_bert = engine(), shared = engine();
  const Answer anna = answer(speak(fresh_anna, kAnna, text(9, 1), 5)), bert = answer(speak(fresh_bert, kBert, text(9, 1), 5));
  EXPECT_FALSE(anna == bert);
  for (int round = 0; round < 3; ++round) {
    const RequestHandle a = speak(shared, kAnna, text(9, 1), 5), b = speak(shared, kBert, text(9, 1), 5);
    EXPECT_TRUE(anna == answer(a)) << round;
    EXPECT_TRUE(bert == answer(b)) << round;
  }
  EXPECT_GE(stats_of(shared).prefix_rows, 4 * kVoicePrompt);
}

// Common beginnings from less than what is shared to several pages, ends in the middle of a page and at its edge.
TEST_P(Sharing, prompts_of_any_common_length_answer_as_alone) {
  std::vector<int32_t> base;
  for (int32_t i = 0; i < 400; ++i) base.push_back(i * 37 % 90);
  std::vector<std::vector<int32_t>> prompts;
  for (const int64_t common : {400, 5, 15, 16, 17, 63, 64, 65, 127, 128, 129, 192, 300, 399}) {
    std::vector<int32_t> prompt(base.begin(), base.begin() + common);
    for (int32_t i = 0; i < 3; ++i) prompt.push_back(91 + i);
    prompts.push_back(prompt);
  }
  std::vector<std::vector<int32_t>> alone;
  for (size_t i = 0; i < prompts.size(); ++i) {
    const EngineHandle fresh = engine();
    alone.push_back(answer_of(generate(fresh, prompts[i], i)));
  }
  for (const bool reversed : {false, true}) {
    const EngineHandle shared = engine();
    std::vector<RequestHandle> requests(prompts.size());
    for (size_t k = 0; k < prompts.size(); ++k) {
      const size_t i = reversed ? prompts.size() - 1 - k : k;
      requests[i] = generate(shared, prompts[i], i);
    }
    for (size_t i = 0; i < prompts.size(); ++i) EXPECT_EQ(alone[i], answer_of(requests[i])) << i << " " << reversed;
    EXPECT_GT(stats_of(shared).prefix_rows, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Sharing, testing::Values(golden_model().path(), quantised_golden_path()),
                         [](const auto& info) { return std::string(info.index == 0 ? "f32" : "quantised"); });

// Every context is full, so that nothing is left to be kept for others.
TEST(SharingShortage, full_contexts_always_fit) {
  WalkEngine walk({2, 3, 0, 100, nullptr, GPA_PRECISION_EXACT});
  std::vector<RequestHandle> requests;
  std::vector<int32_t> lasts;
  for (int32_t i = 0; i < 40; ++i) {
    std::vector<int32_t> prompt(static_cast<size_t>(20 + i % 79), i % 5);
    prompt.back() = i;
    lasts.push_back(i);
    requests.push_back(submit(walk.engine.get(), generate_params(prompt, 0)));
  }
  for (size_t i = 0; i < requests.size(); ++i) {
    const auto answer = answer_of(requests[i]);
    EXPECT_EQ(walk_from(lasts[i], static_cast<int64_t>(answer.size())), answer) << i;
    EXPECT_EQ(100, 20 + static_cast<int64_t>(i) % 79 + static_cast<int64_t>(answer.size()));
  }
  const gpa_engine_stats stats = stats_of(walk.engine);
  EXPECT_LE(stats.kv_pages_used, stats.kv_pages_total);
  EXPECT_EQ(40, stats.done);
}

}  // namespace
}  // namespace gpa::test
