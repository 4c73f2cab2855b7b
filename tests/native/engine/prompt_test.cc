// Prompts, allowed ids and answers of each task, against the goldens' prompts and the rules of docs/networks.md.
#include "engine/prompt.h"

#include "engine/golden_prompts.h"
#include "engine/support.h"

namespace gpa::test {
namespace {

// Ids apart from each other, so that a mix-up shows.
TokenSpace some_tokens() {
  TokenSpace tokens;
  tokens.end_of_answer = 100;
  tokens.start_content = 101, tokens.end_content = 102;
  tokens.start_global = 103, tokens.end_global = 104;
  tokens.start_semantic = 105, tokens.end_semantic = 106;
  tokens.start_glm = 107, tokens.end_glm = 108;
  tokens.text = {0, 90}, tokens.glm = {200, 10}, tokens.global = {300, 20}, tokens.semantic = {400, 30};
  return tokens;
}

TokenSpace golden_tokens() {
  const GgufFile& file = golden_model();
  return TokenSpace::read(file, file.integer("gpa.decoder.vocab_size", 1, 1 << 24), true);
}

using List = std::vector<int32_t>;

List ranges_of(gpa_task task, gpa_allowed allowed, const TokenSpace& tokens = some_tokens()) {
  List out;
  const AllowedIds ids = allowed_ids(tokens, 500, task, allowed);
  for (const IdRange& range : ids.ranges()) out.insert(out.end(), {range.first, range.count});
  return out;
}

TEST(TokenSpace, equals_the_goldens) {
  const TokenSpace tokens = golden_tokens();
  const auto& summary = golden_summary();
  const auto& special = summary.at("special");
  EXPECT_EQ(summary.at("im_end"), tokens.end_of_answer);
  EXPECT_EQ(summary.at("text_vocab"), tokens.text.count);
  EXPECT_EQ(0, tokens.text.first);
  EXPECT_EQ(special.at("<|start_content|>"), tokens.start_content);
  EXPECT_EQ(special.at("<|end_content|>"), tokens.end_content);
  EXPECT_EQ(special.at("<|start_global_token|>"), tokens.start_global);
  EXPECT_EQ(special.at("<|end_global_token|>"), tokens.end_global);
  EXPECT_EQ(special.at("<|start_semantic_token|>"), tokens.start_semantic);
  EXPECT_EQ(special.at("<|end_semantic_token|>"), tokens.end_semantic);
  EXPECT_EQ(special.at("<|start_glm_token|>"), tokens.start_glm);
  EXPECT_EQ(special.at("<|end_glm_token|>"), tokens.end_glm);
  EXPECT_EQ(summary.at("offsets").at("glm"), tokens.glm.first);
  EXPECT_EQ(summary.at("offsets").at("glob"), tokens.global.first);
  EXPECT_EQ(summary.at("offsets").at("sem"), tokens.semantic.first);
}

TEST(Prompt, markers_stand_where_the_model_expects_them) {
  const TokenSpace tokens = some_tokens();
  EXPECT_EQ((List{107, 200, 209, 108, 105, 401, 429, 406, 106, 101}), transcribe_prompt(tokens, List{0, 9}, List{1, 29, 6}));
  EXPECT_EQ((List{103, 319, 300, 104, 101, 5, 0, 89, 102}), speak_prompt(tokens, List{19, 0}, List{5, 0, 89}));
  EXPECT_EQ((List{103, 319, 300, 104, 105, 407, 400, 106, 102}), convert_prompt(tokens, List{19, 0}, List{7, 0}));
}

TEST(Prompt, marker_counts_are_right) {
  const TokenSpace tokens = some_tokens();
  EXPECT_EQ(static_cast<size_t>(kTranscribeMarkers) + 3, transcribe_prompt(tokens, List{1}, List{2, 3}).size());
  EXPECT_EQ(static_cast<size_t>(kSpeakMarkers) + 3, speak_prompt(tokens, List{1}, List{2, 3}).size());
  EXPECT_EQ(static_cast<size_t>(kConvertMarkers) + 3, convert_prompt(tokens, List{1}, List{2, 3}).size());
}

TEST(Prompt, codes_beyond_the_vocabulary_are_refused) {
  const TokenSpace tokens = some_tokens();
  for (int32_t bad : {-1, 30, 1 << 30}) {
    expect_failure(GPA_ERROR_MODEL_FORMAT, "semantic code", [&] { transcribe_prompt(tokens, List{1}, List{2, bad}); });
    expect_failure(GPA_ERROR_MODEL_FORMAT, "GLM code", [&] { transcribe_prompt(tokens, List{bad}, List{2}); });
    expect_failure(GPA_ERROR_MODEL_FORMAT, "voice code", [&] { speak_prompt(tokens, List{bad}, List{2}); });
    expect_failure(GPA_ERROR_MODEL_FORMAT, "semantic code", [&] { convert_prompt(tokens, List{1}, List{bad}); });
  }
}

TEST(Prompt, goldens_equal) {
  const TokenSpace tokens = golden_tokens();
  const auto& clips = golden_summary().at("clips");
  const size_t count = clips.size();
  const auto ids = [&](size_t clip, const char* tensor) {
    return Safetensors(goldens_path(clips[clip].at("name").get<std::string>() + ".safetensors")).at(tensor).ints();
  };
  for (size_t i = 0; i < count; ++i) {
    const std::string name = clips[i].at("name");
    const List semantic = ids(i, "semantic_ids"), own = ids(i, "global_ids"), other = ids((i + 1) % count, "global_ids");
    EXPECT_EQ(golden_prompt("asr_" + name), transcribe_prompt(tokens, ids(i, "glm_ids"), semantic));
    EXPECT_EQ(golden_prompt("vc_" + name), convert_prompt(tokens, other, semantic));
    // Which text was spoken stands in the prompt only.
    const List spoken = golden_prompt("tts_" + name);
    ASSERT_GT(spoken.size(), GPA_VOICE_TOKENS + static_cast<size_t>(kSpeakMarkers));
    const List text(spoken.begin() + GPA_VOICE_TOKENS + 3, spoken.end() - 1);
    for (int32_t id : text) EXPECT_TRUE(tokens.text.contains(id)) << id;
    EXPECT_EQ(spoken, speak_prompt(tokens, own, text));
  }
}

TEST(AllowedIdsOfTask, default_is_what_the_task_can_use) {
  EXPECT_EQ((List{0, 90, 100, 1, 102, 1}), ranges_of(GPA_TASK_TRANSCRIBE, GPA_ALLOWED_TASK));
  EXPECT_EQ((List{100, 1, 400, 30}), ranges_of(GPA_TASK_SPEAK, GPA_ALLOWED_TASK));
  EXPECT_EQ((List{100, 1, 400, 30}), ranges_of(GPA_TASK_CONVERT, GPA_ALLOWED_TASK));
  EXPECT_EQ((List{0, 500}), ranges_of(GPA_TASK_GENERATE, GPA_ALLOWED_TASK));
}

TEST(AllowedIdsOfTask, what_is_asked_for_goes_before_the_task) {
  for (gpa_task task : {GPA_TASK_TRANSCRIBE, GPA_TASK_SPEAK, GPA_TASK_CONVERT, GPA_TASK_GENERATE}) {
    EXPECT_EQ((List{0, 500}), ranges_of(task, GPA_ALLOWED_ALL));
    EXPECT_EQ((List{0, 90, 100, 1, 102, 1}), ranges_of(task, GPA_ALLOWED_TEXT));
    EXPECT_EQ((List{100, 1, 400, 30}), ranges_of(task, GPA_ALLOWED_SEMANTIC));
  }
}

TEST(AllowedIdsOfTask, vocabulary_without_tokens_has_no_text) {
  EXPECT_EQ((List{}), ranges_of(GPA_TASK_GENERATE, GPA_ALLOWED_TEXT, {}));
  EXPECT_EQ((List{0, 500}), ranges_of(GPA_TASK_GENERATE, GPA_ALLOWED_TASK, {}));
}

TEST(EndsAnswer, end_of_answer_always_and_end_content_of_a_transcription) {
  const TokenSpace tokens = some_tokens();
  for (gpa_task task : {GPA_TASK_TRANSCRIBE, GPA_TASK_SPEAK, GPA_TASK_CONVERT, GPA_TASK_GENERATE}) {
    EXPECT_TRUE(ends_answer(tokens, task, 100));
    EXPECT_EQ(task == GPA_TASK_TRANSCRIBE, ends_answer(tokens, task, 102));
    for (int32_t id : {0, 89, 101, 106, 400, 429}) EXPECT_FALSE(ends_answer(tokens, task, id)) << id;
  }
  EXPECT_FALSE(ends_answer({}, GPA_TASK_GENERATE, 0)) << "a model without an end token";
}

TEST(AnswerResult, keeps_what_the_task_is_for) {
  const TokenSpace tokens = some_tokens();
  const List answer{5, 400, 89, 429, 200, 90, 0, 102, 100};
  EXPECT_EQ((List{5, 89, 0}), answer_result(tokens, GPA_TASK_TRANSCRIBE, answer));
  EXPECT_EQ((List{0, 29}), answer_result(tokens, GPA_TASK_SPEAK, answer));
  EXPECT_EQ((List{0, 29}), answer_result(tokens, GPA_TASK_CONVERT, answer));
  EXPECT_EQ(answer, answer_result(tokens, GPA_TASK_GENERATE, answer));
  EXPECT_EQ((List{}), answer_result(tokens, GPA_TASK_SPEAK, List{100}));
}

TEST(AnswerResult, end_tokens_inside_the_text_range_are_no_text) {
  TokenSpace tokens = some_tokens();
  tokens.text = {0, 150};
  EXPECT_EQ((List{5, 99, 101}), answer_result(tokens, GPA_TASK_TRANSCRIBE, List{5, 99, 101, 102}));
  EXPECT_EQ((List{7}), answer_result(tokens, GPA_TASK_TRANSCRIBE, List{7, 100}));
}

}  // namespace
}  // namespace gpa::test
