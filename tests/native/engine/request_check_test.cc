// Requests that cannot work: each field that is wrong is named.
#include "engine/request_check.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "engine/prompt.h"
#include "engine/support.h"
#include "engine/walk_model.h"
#include "networks/golden_model.h"

namespace gpa::test {
namespace {

constexpr int64_t kContext = 4096;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

const Model& whole_model() {
  static const std::shared_ptr<const Model> model = Model::open(golden_model().path(), false);
  return *model;
}

const Model& bare_decoder() {
  static const std::shared_ptr<const Model> model = Model::open(TempFile(walk_model()).path(), false);
  return *model;
}

// What good requests are made of, and may be damaged in.
class RequestCheck : public testing::Test {
 protected:
  gpa_request_params good(gpa_task task) {
    gpa_request_params params = request_params(task);
    params.pcm = pcm_.data();
    params.samples = static_cast<int64_t>(pcm_.size());
    params.ids = ids_.data();
    params.id_count = static_cast<int64_t>(ids_.size());
    params.voice = voice_.data();
    return params;
  }
  void expect_refused(gpa_status status, const std::string& part, const gpa_request_params& params, const Model& model = whole_model()) {
    expect_failure(status, part, [&] { check_request(model, params, {kContext}); });
  }
  void expect_invalid(const std::string& part, const gpa_request_params& params) { expect_refused(GPA_ERROR_INVALID_ARGUMENT, part, params); }

  std::vector<float> pcm_ = std::vector<float>(16000, 0.1f);
  std::vector<float> mix_ = std::vector<float>(16000, 0.1f);
  std::vector<int32_t> ids_{1, 2, 3};
  std::vector<int32_t> voice_ = std::vector<int32_t>(GPA_VOICE_TOKENS, 7);
};

constexpr gpa_task kTasks[] = {GPA_TASK_TRANSCRIBE, GPA_TASK_ENROLL, GPA_TASK_SPEAK, GPA_TASK_CONVERT, GPA_TASK_GENERATE};
constexpr gpa_task kPcmTasks[] = {GPA_TASK_TRANSCRIBE, GPA_TASK_ENROLL, GPA_TASK_CONVERT};
constexpr gpa_task kDecoderTasks[] = {GPA_TASK_TRANSCRIBE, GPA_TASK_SPEAK, GPA_TASK_CONVERT, GPA_TASK_GENERATE};

TEST_F(RequestCheck, good_requests_pass_and_are_copied) {
  for (gpa_task task : kTasks) {
    const gpa_request_params params = good(task);
    const RequestInput input = check_request(whole_model(), params, {kContext});
    EXPECT_EQ(task, input.task);
    const bool pcm = task == GPA_TASK_TRANSCRIBE || task == GPA_TASK_ENROLL || task == GPA_TASK_CONVERT;
    EXPECT_EQ(pcm ? pcm_.data() : nullptr, input.pcm);
    EXPECT_EQ(pcm ? pcm_.data() : nullptr, input.pcm_mix) << "mono: the mix is the channel";
    EXPECT_EQ(task == GPA_TASK_SPEAK || task == GPA_TASK_GENERATE ? ids_ : std::vector<int32_t>{}, input.ids);
    EXPECT_EQ(task == GPA_TASK_SPEAK || task == GPA_TASK_CONVERT ? voice_ : std::vector<int32_t>{}, input.voice);
  }
}

TEST_F(RequestCheck, fields_of_other_tasks_are_not_looked_at) {
  gpa_request_params params = good(GPA_TASK_ENROLL);
  params.ids = params.voice = nullptr;
  params.sampling.top_p = -5;
  EXPECT_NO_THROW(check_request(whole_model(), params, {kContext}));
  params = good(GPA_TASK_GENERATE);
  params.pcm = nullptr;
  params.samples = -1;
  params.voice = nullptr;
  EXPECT_NO_THROW(check_request(whole_model(), params, {kContext}));
}

// Writes a number that may be no enumerator.
template <class Enum>
void set_raw(Enum* field, int32_t value) {
  std::memcpy(field, &value, sizeof value);
}

TEST_F(RequestCheck, unknown_task_or_allowed_is_refused) {
  for (int32_t bad : {-1, 5, std::numeric_limits<int32_t>::max()}) {
    gpa_request_params params = good(GPA_TASK_SPEAK);
    set_raw(&params.task, bad);
    expect_invalid("task is " + std::to_string(bad), params);
  }
  for (int32_t bad : {-1, 4, std::numeric_limits<int32_t>::min()}) {
    gpa_request_params params = good(GPA_TASK_SPEAK);
    set_raw(&params.allowed, bad);
    expect_invalid("allowed is " + std::to_string(bad), params);
  }
}

TEST_F(RequestCheck, stream_that_names_no_look_ahead_gets_the_engines) {
  gpa_request_params params = good(GPA_TASK_SPEAK);
  params.chunk = [](void*, uint64_t, const float*, int64_t) { return 0; };
  EXPECT_EQ(28, check_request(whole_model(), params, {kContext}).stream.look_ahead_tokens);
  EXPECT_EQ(99, check_request(whole_model(), params, {kContext, 99}).stream.look_ahead_tokens);
  params.stream.look_ahead_tokens = 40;
  EXPECT_EQ(40, check_request(whole_model(), params, {kContext, 99}).stream.look_ahead_tokens);
}

TEST_F(RequestCheck, negative_max_tokens_is_refused) {
  for (gpa_task task : kTasks) {
    gpa_request_params params = good(task);
    params.max_tokens = -1;
    expect_invalid("max_tokens is -1", params);
  }
}

TEST_F(RequestCheck, sampling_out_of_range_is_refused_for_every_decoder_task) {
  for (gpa_task task : kDecoderTasks) {
    gpa_request_params params = good(task);
    params.sampling.temperature = kNan;
    expect_invalid("sampling.temperature", params);
    params = good(task);
    params.sampling.top_k = -1;
    expect_invalid("sampling.top_k", params);
    params = good(task);
    params.sampling.top_p = 0;
    expect_invalid("sampling.top_p", params);
    params = good(task);
    params.sampling.repetition_penalty = -1;
    expect_invalid("sampling.repetition_penalty", params);
  }
}

TEST_F(RequestCheck, sample_counts_out_of_range_are_refused) {
  for (gpa_task task : kPcmTasks) {
    gpa_request_params params = good(task);
    for (int64_t bad : {int64_t{-1}, (int64_t{1} << 40) + 1, std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
      params.samples = bad;
      expect_invalid("samples is " + std::to_string(bad), params);
    }
  }
}

TEST_F(RequestCheck, audio_that_is_empty_or_too_short_is_an_audio_error) {
  for (gpa_task task : kPcmTasks) {
    const int64_t least = task == GPA_TASK_ENROLL ? 1600 : 400;
    gpa_request_params params = good(task);
    params.samples = 0;
    params.pcm = nullptr;
    expect_refused(GPA_ERROR_AUDIO, "is empty", params);
    params = good(task);
    params.samples = least - 1;
    expect_refused(GPA_ERROR_AUDIO, "too short: " + std::to_string(least) + " samples", params);
    params.samples = least;
    EXPECT_NO_THROW(check_request(whole_model(), params, {kContext}));
  }
}

TEST_F(RequestCheck, missing_audio_is_refused) {
  for (gpa_task task : kPcmTasks) {
    gpa_request_params params = good(task);
    params.pcm = nullptr;
    expect_invalid("pcm is null", params);
  }
}

TEST_F(RequestCheck, samples_that_are_not_finite_are_refused_by_place) {
  for (gpa_task task : kPcmTasks) {
    for (size_t at : {size_t{0}, size_t{1023}, size_t{1024}, pcm_.size() - 1}) {
      for (float bad : {kNan, kInfinity, -kInfinity}) {
        pcm_[at] = bad;
        expect_refused(GPA_ERROR_AUDIO, "pcm[" + std::to_string(at) + "]", good(task));
        pcm_[at] = 0;
      }
    }
  }
}

TEST_F(RequestCheck, large_finite_samples_pass) {
  pcm_.assign(pcm_.size(), std::numeric_limits<float>::max());
  EXPECT_NO_THROW(check_request(whole_model(), good(GPA_TASK_TRANSCRIBE), {kContext}));
}

TEST_F(RequestCheck, mix_is_checked_where_it_is_used) {
  mix_[77] = kNan;
  for (gpa_task task : kPcmTasks) {
    gpa_request_params params = good(task);
    params.pcm_mix = mix_.data();
    if (task == GPA_TASK_TRANSCRIBE) {
      expect_refused(GPA_ERROR_AUDIO, "pcm_mix[77]", params);
    } else {
      EXPECT_NO_THROW(check_request(whole_model(), params, {kContext}));
    }
  }
}

TEST_F(RequestCheck, ids_that_are_missing_are_refused) {
  for (gpa_task task : {GPA_TASK_SPEAK, GPA_TASK_GENERATE}) {
    gpa_request_params params = good(task);
    params.ids = nullptr;
    expect_invalid("ids is null", params);
    for (int64_t bad : {int64_t{0}, int64_t{-1}, (int64_t{1} << 28) + 1, std::numeric_limits<int64_t>::max()}) {
      params = good(task);
      params.id_count = bad;
      expect_invalid("ids: " + std::to_string(bad), params);
    }
  }
}

TEST_F(RequestCheck, text_must_be_text) {
  const int32_t text = whole_model().tokens().text.count;
  for (int32_t bad : {-1, text, whole_model().tokens().end_of_answer, std::numeric_limits<int32_t>::max()}) {
    ids_[2] = bad;
    expect_invalid("ids[2] is " + std::to_string(bad), good(GPA_TASK_SPEAK));
  }
  ids_[2] = text - 1;
  EXPECT_NO_THROW(check_request(whole_model(), good(GPA_TASK_SPEAK), {kContext}));
}

TEST_F(RequestCheck, prompt_may_hold_the_whole_vocabulary) {
  const auto vocab = static_cast<int32_t>(whole_model().decoder().vocab());
  for (int32_t bad : {-1, vocab, std::numeric_limits<int32_t>::min()}) {
    ids_[1] = bad;
    expect_invalid("ids[1] is " + std::to_string(bad), good(GPA_TASK_GENERATE));
  }
  ids_[1] = vocab - 1;
  EXPECT_NO_THROW(check_request(whole_model(), good(GPA_TASK_GENERATE), {kContext}));
}

TEST_F(RequestCheck, voice_must_be_one) {
  for (gpa_task task : {GPA_TASK_SPEAK, GPA_TASK_CONVERT}) {
    gpa_request_params params = good(task);
    params.voice = nullptr;
    expect_invalid("voice is null", params);
    for (int32_t bad : {-1, whole_model().tokens().global.count}) {
      voice_[31] = bad;
      expect_invalid("voice[31] is " + std::to_string(bad), good(task));
    }
    voice_[31] = whole_model().tokens().global.count - 1;
    EXPECT_NO_THROW(check_request(whole_model(), good(task), {kContext}));
  }
}

TEST_F(RequestCheck, prompt_must_leave_room_for_an_answer) {
  for (gpa_task task : kDecoderTasks) {
    const gpa_request_params params = good(task);
    const int64_t prompt = prompt_tokens(whole_model(), check_request(whole_model(), params, {kContext}));
    EXPECT_GT(prompt, 0);
    expect_failure(GPA_ERROR_CAPACITY, "the prompt takes " + std::to_string(prompt) + " tokens, the context holds " + std::to_string(prompt),
                   [&] { check_request(whole_model(), params, {prompt}); });
    EXPECT_NO_THROW(check_request(whole_model(), params, {prompt + 1}));
  }
}

// The count is told before any audio is encoded, so it must be that of the prompt that is made later.
TEST_F(RequestCheck, prompt_tokens_are_those_of_the_goldens) {
  for (const auto& clip : golden_summary().at("clips")) {
    RequestInput input{};
    input.samples = clip.at("samples");
    const int64_t glm = clip.at("glm"), semantic = clip.at("semantic");
    input.task = GPA_TASK_TRANSCRIBE;
    EXPECT_EQ(glm + semantic + kTranscribeMarkers, prompt_tokens(whole_model(), input));
    input.task = GPA_TASK_CONVERT;
    input.voice = voice_;
    EXPECT_EQ(GPA_VOICE_TOKENS + semantic + kConvertMarkers, prompt_tokens(whole_model(), input));
    input.task = GPA_TASK_ENROLL;
    EXPECT_EQ(0, prompt_tokens(whole_model(), input));
  }
}

TEST_F(RequestCheck, bare_decoder_only_generates) {
  EXPECT_NO_THROW(check_request(bare_decoder(), good(GPA_TASK_GENERATE), {kContext}));
  expect_refused(GPA_ERROR_UNSUPPORTED, "no codec network", good(GPA_TASK_TRANSCRIBE), bare_decoder());
  expect_refused(GPA_ERROR_UNSUPPORTED, "no speaker network", good(GPA_TASK_ENROLL), bare_decoder());
  expect_refused(GPA_ERROR_UNSUPPORTED, "no codec network", good(GPA_TASK_SPEAK), bare_decoder());
  expect_refused(GPA_ERROR_UNSUPPORTED, "no codec network", good(GPA_TASK_CONVERT), bare_decoder());
}

TEST_F(RequestCheck, ids_that_the_model_does_not_name_cannot_be_allowed) {
  for (gpa_allowed allowed : {GPA_ALLOWED_TEXT, GPA_ALLOWED_SEMANTIC}) {
    gpa_request_params params = good(GPA_TASK_GENERATE);
    params.allowed = allowed;
    expect_refused(GPA_ERROR_INVALID_ARGUMENT, "allowed is " + std::to_string(allowed), params, bare_decoder());
  }
}

}  // namespace
}  // namespace gpa::test
