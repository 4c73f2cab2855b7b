// gpa_network_run: names and shapes that do not fit, observers that stop, several runs at once; the sampler's stages.
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/golden_prompts.h"
#include "engine/walk_engine.h"

namespace gpa::test {
namespace {

class Stages : public testing::Test {
 protected:
  gpa_status run(const char* network, const std::vector<gpa_tensor>& inputs, Recording* seen = nullptr) {
    std::memset(&error_, 'x', sizeof error_);
    return gpa_network_run(engine_.get(), network, inputs.data(), static_cast<int32_t>(inputs.size()), seen ? Recording::record : nullptr, seen,
                           &error_);
  }
  void expect_refused(gpa_status status, const std::string& part, const char* network, const std::vector<gpa_tensor>& inputs) {
    EXPECT_EQ(status, run(network, inputs)) << network;
    EXPECT_NE(nullptr, std::strstr(error_.message, part.c_str())) << network << ": '" << part << "' is not in: " << error_.message;
  }

  const ModelHandle model_ = open_model(golden_model().path());
  const EngineHandle engine_ = create_engine(model_.get(), {2, 1, 0, 0, nullptr, GPA_PRECISION_EXACT});
  gpa_error error_;
};

gpa_tensor floats(const char* name, const std::vector<float>& values, int64_t rows = 1) {
  return {name, GPA_F32, rows, static_cast<int64_t>(values.size()) / rows, values.data()};
}

gpa_tensor ints(const char* name, const std::vector<int32_t>& values) {
  return {name, GPA_I32, 1, static_cast<int64_t>(values.size()), values.data()};
}

struct Network {
  const char* name;
  const char* input;  // the one that is asked for first
};
constexpr Network kNetworks[] = {
    {"volume", "wav"},           {"glm_mel", "wav"},          {"glm_tokenizer", "glm_mel"},     {"wav2vec2", "wav_normalized"},
    {"bicodec_encoder", "w2v_feat"}, {"speaker_mel", "wav_normalized"}, {"speaker_encoder", "speaker_mel"}, {"bicodec_decoder", "semantic_ids"},
    {"decoder", "prompt"},       {"sampler", "logits"},       {"sampler_draws", "logits"},
};

TEST_F(Stages, unknown_networks_are_refused) {
  for (const char* name : {"", "Volume", "volume ", "a network whose name is longer than any message should have to show"}) {
    expect_refused(GPA_ERROR_INVALID_ARGUMENT, "there is no network '", name, {});
  }
}

TEST_F(Stages, missing_inputs_are_refused_by_name) {
  const std::vector<float> other(10);
  for (const Network& network : kNetworks) {
    const std::string part = std::string("network '") + network.name + "': input '" + network.input + "' is missing";
    expect_refused(GPA_ERROR_INVALID_ARGUMENT, part, network.name, {});
    expect_refused(GPA_ERROR_INVALID_ARGUMENT, part, network.name, {floats("other", other)});
  }
}

TEST_F(Stages, inputs_of_another_type_are_refused) {
  const std::vector<float> values(10);
  const std::vector<int32_t> ids(10);
  for (const Network& network : kNetworks) {
    const bool wants_ids = std::strstr(network.input, "ids") || std::strcmp(network.input, "prompt") == 0;
    expect_refused(GPA_ERROR_INVALID_ARGUMENT, wants_ids ? "must be i32" : "must be f32", network.name,
                   {wants_ids ? floats(network.input, values) : ints(network.input, ids)});
  }
}

TEST_F(Stages, tensors_that_are_none_are_refused) {
  const float value = 0;
  const auto refused = [&](const std::string& part, gpa_tensor tensor) { expect_refused(GPA_ERROR_INVALID_ARGUMENT, part, "volume", {tensor}); };
  refused("inputs[0].name is null", {nullptr, GPA_F32, 1, 1, &value});
  refused("shape -1 x 1", {"wav", GPA_F32, -1, 1, &value});
  refused("shape 1 x -5", {"wav", GPA_F32, 1, -5, &value});
  refused("shape", {"wav", GPA_F32, std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::max(), &value});
  refused("shape", {"wav", GPA_F32, int64_t{1} << 41, 1, &value});
  refused("has no data", {"wav", GPA_F32, 1, 1, nullptr});
  refused("neither f32 nor i32", {"wav", GPA_F16, 1, 1, &value});
  gpa_tensor odd{"wav", GPA_F32, 1, 1, &value};
  const int32_t type = 99;
  std::memcpy(&odd.type, &type, sizeof type);
  refused("neither f32 nor i32", odd);
}

TEST_F(Stages, null_arguments_are_refused_by_name) {
  gpa_error error;
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_network_run(nullptr, "volume", nullptr, 0, nullptr, nullptr, &error));
  EXPECT_STREQ("engine is null", error.message);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_network_run(engine_.get(), nullptr, nullptr, 0, nullptr, nullptr, &error));
  EXPECT_STREQ("network is null", error.message);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_network_run(engine_.get(), "volume", nullptr, 1, nullptr, nullptr, &error));
  EXPECT_STREQ("inputs is null", error.message);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_network_run(engine_.get(), "volume", nullptr, -1, nullptr, nullptr, &error));
  EXPECT_STREQ("input_count is -1", error.message);
}

TEST_F(Stages, audio_that_is_empty_or_not_finite_is_an_audio_error) {
  for (const Network& network : kNetworks) {
    if (std::string(network.input).rfind("wav", 0) != 0) continue;
    expect_refused(GPA_ERROR_AUDIO, "is empty", network.name, {floats(network.input, {})});
    std::vector<float> wav(2000, 0.1f);
    wav[1999] = std::numeric_limits<float>::quiet_NaN();
    expect_refused(GPA_ERROR_AUDIO, "not finite", network.name, {floats(network.input, wav)});
  }
}

TEST_F(Stages, audio_of_any_length_is_computed_or_refused) {
  for (const Network& network : kNetworks) {
    if (std::string(network.input).rfind("wav", 0) != 0) continue;
    for (size_t samples : {1, 2, 159, 200, 201, 399, 400, 401, 719, 720, 1279, 1281}) {
      const std::vector<float> wav(samples, 0.1f);
      const gpa_status status = run(network.name, {floats(network.input, wav)});
      EXPECT_TRUE(status == GPA_OK || status == GPA_ERROR_AUDIO) << network.name << ", " << samples << ": " << error_.message;
    }
  }
}

TEST_F(Stages, matrices_of_another_shape_are_refused) {
  const std::vector<float> values(128 * 16, 0.5f);
  const std::vector<int32_t> samples{1280};
  const auto refused = [&](const char* network, const std::vector<gpa_tensor>& inputs) {
    expect_refused(GPA_ERROR_INVALID_ARGUMENT, inputs[0].name, network, inputs);
  };
  for (int64_t rows : {1, 2, 16, 32}) {
    const gpa_tensor mel = floats("glm_mel", values, rows);
    refused("glm_tokenizer", {mel, ints("samples", samples)});
  }
  for (int32_t bad : {0, -1, std::numeric_limits<int32_t>::min(), 1281, std::numeric_limits<int32_t>::max()}) {
    refused("glm_tokenizer", {floats("glm_mel", {values.begin(), values.begin() + 128 * 8}, 8), ints("samples", {bad})});
  }
  for (const char* network : {"bicodec_encoder", "speaker_encoder"}) {
    const char* input = network[0] == 'b' ? "w2v_feat" : "speaker_mel";
    for (int64_t rows : {1, 2, 128}) refused(network, {floats(input, values, rows)});
    refused(network, {{input, GPA_F32, 0, 128, nullptr}});
    refused(network, {{input, GPA_F32, 5, 0, nullptr}});
  }
}

TEST_F(Stages, ids_out_of_range_are_refused) {
  const std::vector<int32_t> voice(GPA_VOICE_TOKENS, 5), codes{1, 2};
  for (int32_t bad : {-1, 256, std::numeric_limits<int32_t>::max()}) {
    expect_refused(GPA_ERROR_INVALID_ARGUMENT, "input 'semantic_ids' holds " + std::to_string(bad), "bicodec_decoder",
                   {ints("semantic_ids", {3, bad}), ints("global_ids", voice)});
  }
  std::vector<int32_t> wrong = voice;
  wrong[31] = 4096;
  expect_refused(GPA_ERROR_INVALID_ARGUMENT, "input 'global_ids' holds 4096", "bicodec_decoder", {ints("semantic_ids", codes), ints("global_ids", wrong)});
  wrong.assign(31, 5);
  expect_refused(GPA_ERROR_INVALID_ARGUMENT, "is not one voice", "bicodec_decoder", {ints("semantic_ids", codes), ints("global_ids", wrong)});
  expect_refused(GPA_ERROR_INVALID_ARGUMENT, "input 'global_ids' is missing", "bicodec_decoder", {ints("semantic_ids", codes)});
  expect_refused(GPA_ERROR_INVALID_ARGUMENT, "input 'semantic_ids' is empty", "bicodec_decoder", {ints("semantic_ids", {}), ints("global_ids", voice)});
  for (int32_t bad : {-1, 4857}) expect_refused(GPA_ERROR_INVALID_ARGUMENT, "input 'prompt' holds", "decoder", {ints("prompt", {1, bad})});
  expect_refused(GPA_ERROR_INVALID_ARGUMENT, "input 'prompt' is empty", "decoder", {ints("prompt", {})});
  expect_refused(GPA_ERROR_CAPACITY, "input 'prompt' of 4097 ids", "decoder", {ints("prompt", std::vector<int32_t>(4097, 1))});
}

TEST_F(Stages, decoder_gives_all_logits_when_asked) {
  const std::vector<int32_t> prompt = golden_prompt("tts_short");
  Recording last, all;
  ASSERT_EQ(GPA_OK, run("decoder", {ints("prompt", prompt)}, &last));
  EXPECT_EQ(0u, last.floats.count("logits_all"));
  EXPECT_LE(nmse(last.floats.at("logits_last"), golden_decoder().at("tts_short.logits_last").floats()), 1e-9);
  ASSERT_EQ(GPA_OK, run("decoder", {ints("prompt", prompt), ints("all", {1})}, &all));
  EXPECT_LE(nmse(all.floats.at("logits_all"), golden_decoder().at("tts_short.logits_all").floats()), 1e-9);
  expect_refused(GPA_ERROR_INVALID_ARGUMENT, "input 'all' must hold one integer", "decoder", {ints("prompt", prompt), ints("all", {1, 1})});
}

TEST_F(Stages, observer_stops_a_network_anywhere) {
  struct Counter {
    int seen = 0, stop_at;
    static int32_t count(void* user, const gpa_tensor*) {
      auto& self = *static_cast<Counter*>(user);
      return ++self.seen == self.stop_at ? 1 : 0;
    }
  };
  const std::vector<int32_t> prompt{1, 2, 3};
  const gpa_tensor input = ints("prompt", prompt);
  for (int stop_at : {1, 2, 3}) {
    Counter counter{0, stop_at};
    gpa_error error;
    EXPECT_EQ(GPA_ERROR_CANCELLED, gpa_network_run(engine_.get(), "decoder", &input, 1, Counter::count, &counter, &error));
    EXPECT_EQ(stop_at, counter.seen);
    EXPECT_NE(nullptr, std::strstr(error.message, "stopped by the observer at ")) << error.message;
  }
  EXPECT_EQ(GPA_OK, gpa_network_run(engine_.get(), "decoder", &input, 1, nullptr, nullptr, nullptr));
}

TEST_F(Stages, several_run_at_once_beside_requests) {
  const std::vector<int32_t> prompt = golden_prompt("tts_short");
  const auto want = golden_decoder().at("tts_short.logits_last").floats();
  gpa_request_params params = generate_params(prompt, 64);
  params.allowed = GPA_ALLOWED_SEMANTIC;
  const RequestHandle request = submit(engine_.get(), params);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      Recording seen;
      const gpa_tensor input = ints("prompt", prompt);
      EXPECT_EQ(GPA_OK, gpa_network_run(engine_.get(), "decoder", &input, 1, Recording::record, &seen, nullptr));
      EXPECT_LE(nmse(seen.floats.at("logits_last"), want), 1e-9);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(golden_decoder().at("tts_short.greedy_restricted").ints(), answer_of(request));
}

TEST_F(Stages, bare_decoder_lacks_the_others) {
  WalkEngine walk;
  const std::vector<float> wav(1600, 0.1f);
  const std::vector<int32_t> ids{1};
  const auto status = [&](const char* network, std::vector<gpa_tensor> inputs) {
    std::memset(&error_, 0, sizeof error_);
    return gpa_network_run(walk.engine.get(), network, inputs.data(), static_cast<int32_t>(inputs.size()), nullptr, nullptr, &error_);
  };
  for (const char* network : {"glm_mel", "glm_tokenizer"}) {
    EXPECT_EQ(GPA_ERROR_UNSUPPORTED, status(network, {floats("wav", wav), floats("glm_mel", wav), ints("samples", ids)}));
    EXPECT_NE(nullptr, std::strstr(error_.message, "no glm network")) << error_.message;
  }
  EXPECT_EQ(GPA_ERROR_UNSUPPORTED, status("wav2vec2", {floats("wav_normalized", wav)}));
  EXPECT_EQ(GPA_ERROR_UNSUPPORTED, status("speaker_mel", {floats("wav_normalized", wav)}));
  EXPECT_EQ(GPA_ERROR_UNSUPPORTED, status("bicodec_decoder", {ints("semantic_ids", ids), ints("global_ids", ids)}));
  EXPECT_EQ(GPA_OK, status("volume", {floats("wav", wav)}));
  EXPECT_EQ(GPA_OK, status("decoder", {ints("prompt", ids)}));
}

// ---- the sampler's stages ----

struct SamplerCase {
  std::vector<float> logits{1, 2, 3, 4};
  std::vector<int32_t> ids{3};
  float temperature = 1, top_k = 0, top_p = 1, penalty = 2;
  std::vector<int32_t> seed{5}, draws{1000};

  std::vector<gpa_tensor> inputs() const {
    return {floats("logits", logits), ints("ids", ids), {"temperature", GPA_F32, 1, 1, &temperature}, {"top_k", GPA_F32, 1, 1, &top_k},
            {"top_p", GPA_F32, 1, 1, &top_p}, {"repetition_penalty", GPA_F32, 1, 1, &penalty}, ints("seed", seed), ints("draws", draws)};
  }
};

TEST_F(Stages, sampler_gives_the_distribution) {
  Recording seen;
  const SamplerCase given;
  ASSERT_EQ(GPA_OK, run("sampler", given.inputs(), &seen));
  const double weights[] = {std::exp(1.0), std::exp(2.0), std::exp(3.0), std::exp(2.0)};
  const double total = weights[0] + weights[1] + weights[2] + weights[3];
  ASSERT_EQ(4u, seen.floats.at("probs").size());
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(weights[i] / total, seen.floats.at("probs")[i], 1e-6);
}

TEST_F(Stages, sampler_draws_are_reproducible) {
  Recording first, second, other;
  SamplerCase given;
  ASSERT_EQ(GPA_OK, run("sampler_draws", given.inputs(), &first));
  ASSERT_EQ(GPA_OK, run("sampler_draws", given.inputs(), &second));
  given.seed = {6};
  ASSERT_EQ(GPA_OK, run("sampler_draws", given.inputs(), &other));
  EXPECT_EQ(1000u, first.ints.at("drawn").size());
  EXPECT_EQ(first.ints.at("drawn"), second.ints.at("drawn"));
  EXPECT_NE(first.ints.at("drawn"), other.ints.at("drawn"));
}

TEST_F(Stages, sampler_ids_outside_are_no_columns) {
  Recording seen, none;
  SamplerCase given;
  given.ids = {-1, 4, std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::min()};
  ASSERT_EQ(GPA_OK, run("sampler", given.inputs(), &seen));
  given.ids = {};
  ASSERT_EQ(GPA_OK, run("sampler", given.inputs(), &none));
  EXPECT_EQ(none.floats.at("probs"), seen.floats.at("probs"));
}

TEST_F(Stages, sampler_settings_out_of_range_are_refused) {
  const auto refused = [&](const char* part, auto change) {
    SamplerCase given;
    change(given);
    expect_refused(GPA_ERROR_INVALID_ARGUMENT, part, "sampler_draws", given.inputs());
  };
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  refused("'logits' is empty", [](SamplerCase& c) { c.logits.clear(); });
  refused("temperature", [](SamplerCase& c) { c.temperature = -1; });
  for (float bad : {-1.0f, 0.5f, 2e9f, kNan}) refused("top_k", [&](SamplerCase& c) { c.top_k = bad; });
  refused("top_p", [](SamplerCase& c) { c.top_p = 0; });
  refused("repetition_penalty", [](SamplerCase& c) { c.penalty = 0; });
  refused("'seed' must hold one integer", [](SamplerCase& c) { c.seed = {1, 2}; });
  refused("'draws' must hold one integer", [](SamplerCase& c) { c.draws = {}; });
  for (int32_t bad : {0, -1, (1 << 24) + 1}) refused("'draws' must lie in", [&](SamplerCase& c) { c.draws = {bad}; });
}

}  // namespace
}  // namespace gpa::test
