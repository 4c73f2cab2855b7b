// The tasks of the engine from end to end, on every golden clip at once: what comes out is what the reference computes.
#include <cmath>
#include <limits>

#include "engine/golden_prompts.h"
#include "engine/walk_engine.h"
#include "layers/id_range.h"

namespace gpa::test {
namespace {

constexpr int64_t kSamplesPerToken = 320;

struct Clip {
  std::string name;
  std::vector<float> wav;
  std::vector<int32_t> glm, semantic, global;
};

const std::vector<Clip>& clips() {
  static const std::vector<Clip> all = [] {
    std::vector<Clip> out;
    for (const auto& entry : golden_summary().at("clips")) {
      const std::string name = entry.at("name");
      const Safetensors file(goldens_path(name + ".safetensors"));
      out.push_back({name, file.at("wav").floats(), file.at("glm_ids").ints(), file.at("semantic_ids").ints(), file.at("global_ids").ints()});
    }
    return out;
  }();
  return all;
}

gpa_request_params pcm_params(gpa_task task, const std::vector<float>& wav) {
  gpa_request_params params = request_params(task);
  params.pcm = wav.data();
  params.samples = static_cast<int64_t>(wav.size());
  params.max_tokens = 64;
  return params;
}

// The golden answer without its end token, as codes or ids from `first` on.
std::vector<int32_t> golden_codes(const std::string& tensor, int32_t first) {
  std::vector<int32_t> out;
  const int32_t end_of_answer = golden_summary().at("im_end"), end_content = golden_summary().at("special").at("<|end_content|>");
  for (int32_t id : golden_decoder().at(tensor).ints()) {
    if (id == end_of_answer || id == end_content) break;
    out.push_back(id - first);
  }
  return out;
}

class Tasks : public testing::Test {
 protected:
  const ModelHandle model_ = open_model(golden_model().path());
  const EngineHandle engine_ = create_engine(model_.get(), {2, 4, 0, 0, nullptr, GPA_PRECISION_EXACT});
};

TEST_F(Tasks, transcriptions_equal) {
  std::vector<RequestHandle> requests;
  for (const Clip& clip : clips()) requests.push_back(submit(engine_.get(), pcm_params(GPA_TASK_TRANSCRIBE, clip.wav)));
  for (size_t i = 0; i < clips().size(); ++i) {
    const std::string prompt = "asr_" + clips()[i].name;
    EXPECT_EQ(golden_codes(prompt + ".greedy_restricted", 0), answer_of(requests[i])) << prompt;
    EXPECT_EQ(static_cast<int64_t>(golden_prompt(prompt).size()), stats_of(requests[i]).prompt_tokens) << prompt;
  }
}

TEST_F(Tasks, transcription_hears_the_mix_with_the_glm_tokenizer_only) {
  const Clip& clip = clips()[0];
  gpa_request_params params = pcm_params(GPA_TASK_TRANSCRIBE, clip.wav);
  params.pcm_mix = clip.wav.data();
  const auto mono = answer_of(submit(engine_.get(), params));
  EXPECT_EQ(golden_codes("asr_" + clip.name + ".greedy_restricted", 0), mono);
  const std::vector<float> silence(clip.wav.size(), 0.0f);
  params.pcm_mix = silence.data();
  EXPECT_NE(mono, answer_of(submit(engine_.get(), params)));
}

TEST_F(Tasks, voices_equal) {
  std::vector<RequestHandle> requests;
  for (const Clip& clip : clips()) requests.push_back(submit(engine_.get(), pcm_params(GPA_TASK_ENROLL, clip.wav)));
  for (size_t i = 0; i < clips().size(); ++i) {
    EXPECT_EQ(clips()[i].global, answer_of(requests[i])) << clips()[i].name;
    const gpa_request_stats stats = stats_of(requests[i]);
    EXPECT_EQ(-1, stats.first_token_us) << "no decoder runs";
    EXPECT_EQ(1, stats.stopped);
  }
}

// Codes as the golden answer says, and their sound: 320 samples each, no mean, nothing wild.
void expect_speech(const RequestHandle& request, const std::string& golden) {
  const auto codes = answer_of(request);
  EXPECT_EQ(golden_codes(golden, golden_summary().at("offsets").at("sem")), codes) << golden;
  const float* pcm = nullptr;
  int64_t samples = 0;
  ASSERT_EQ(GPA_OK, gpa_request_pcm(request.get(), &pcm, &samples, nullptr));
  ASSERT_EQ(static_cast<int64_t>(codes.size()) * kSamplesPerToken, samples);
  double sum = 0, power = 0;
  for (int64_t i = 0; i < samples; ++i) {
    ASSERT_LE(std::fabs(pcm[i]), 2) << i;
    sum += pcm[i];
    power += static_cast<double>(pcm[i]) * pcm[i];
  }
  EXPECT_LE(std::fabs(sum / static_cast<double>(samples)), 1e-6);
  EXPECT_GT(power / static_cast<double>(samples), 1e-6) << "silence";
}

TEST_F(Tasks, conversions_equal) {
  std::vector<RequestHandle> requests;
  for (size_t i = 0; i < clips().size(); ++i) {
    gpa_request_params params = pcm_params(GPA_TASK_CONVERT, clips()[i].wav);
    params.voice = clips()[(i + 1) % clips().size()].global.data();
    requests.push_back(submit(engine_.get(), params));
  }
  for (size_t i = 0; i < clips().size(); ++i) expect_speech(requests[i], "vc_" + clips()[i].name + ".greedy_restricted");
}

TEST_F(Tasks, speech_equals) {
  std::vector<RequestHandle> requests;
  for (const Clip& clip : clips()) {
    const auto prompt = golden_prompt("tts_" + clip.name);
    const std::vector<int32_t> text(prompt.begin() + GPA_VOICE_TOKENS + 3, prompt.end() - 1);
    gpa_request_params params = request_params(GPA_TASK_SPEAK);
    params.ids = text.data();
    params.id_count = static_cast<int64_t>(text.size());
    params.voice = clip.global.data();
    params.max_tokens = 64;
    params.sampling.repetition_penalty = 1.2f;
    requests.push_back(submit(engine_.get(), params));
  }
  for (size_t i = 0; i < clips().size(); ++i) expect_speech(requests[i], "tts_" + clips()[i].name + ".greedy_restricted_rp1.2");
}

TEST_F(Tasks, full_vocabulary_keeps_what_the_task_can_use) {
  const Clip& clip = clips()[0];
  gpa_request_params params = pcm_params(GPA_TASK_CONVERT, clip.wav);
  params.voice = clips()[1].global.data();
  params.allowed = GPA_ALLOWED_ALL;
  const IdRange semantic{golden_summary().at("offsets").at("sem"), 256};
  std::vector<int32_t> want;
  for (int32_t id : golden_decoder().at("vc_" + clip.name + ".greedy_full").ints()) {
    if (semantic.contains(id)) want.push_back(id - semantic.first);
  }
  EXPECT_EQ(want, answer_of(submit(engine_.get(), params)));
}

TEST_F(Tasks, times_of_a_spoken_answer_are_in_order) {
  gpa_request_params params = pcm_params(GPA_TASK_CONVERT, clips()[0].wav);
  params.voice = clips()[0].global.data();
  const RequestHandle request = submit(engine_.get(), params);
  answer_of(request);
  const gpa_request_stats stats = stats_of(request);
  EXPECT_GE(stats.started_us, 0);
  EXPECT_GT(stats.encoded_us, stats.started_us);
  EXPECT_GE(stats.first_token_us, stats.encoded_us);
  EXPECT_GE(stats.last_token_us, stats.first_token_us);
  EXPECT_GT(stats.finished_us, stats.last_token_us);
}

// An encoder that runs stops soon: a minute of audio takes it far longer than the first 5 ms.
TEST_F(Tasks, cancelled_while_encoding) {
  std::vector<float> wav;
  while (wav.size() < 16000 * 60) wav.insert(wav.end(), clips()[1].wav.begin(), clips()[1].wav.end());
  for (gpa_task task : {GPA_TASK_TRANSCRIBE, GPA_TASK_CONVERT}) {
    gpa_request_params params = pcm_params(task, wav);
    params.voice = clips()[0].global.data();
    const RequestHandle request = submit(engine_.get(), params);
    while (stats_of(request).started_us < 0) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    gpa_request_cancel(request.get());
    EXPECT_EQ(GPA_ERROR_CANCELLED, wait(request));
    EXPECT_EQ(-1, stats_of(request).encoded_us);
  }
  EXPECT_EQ(clips()[0].global, answer_of(submit(engine_.get(), pcm_params(GPA_TASK_ENROLL, clips()[0].wav)))) << "the engine goes on";
}

TEST_F(Tasks, audio_may_go_once_the_request_has_ended) {
  RequestHandle request;
  {
    const std::vector<float> wav(clips()[0].wav);
    request = submit(engine_.get(), pcm_params(GPA_TASK_ENROLL, wav));
    EXPECT_EQ(GPA_OK, wait(request));
  }
  EXPECT_EQ(clips()[0].global, answer_of(request));
}

}  // namespace
}  // namespace gpa::test
