// The cases of the Java benchmarks, by gpa.h: what a call costs without Java.  GPA_BENCH_MODEL: the file; GPA_BENCH_THREADS: default 2;
// GPA_BENCH_PRECISION: exact or fast; GPA_BENCH_TEXT: ids of the text to speak, "12,7,…".
// Names and inputs are those of jmh/. Counters: tokens and samples of the answer, so that both sides can be seen to do the same.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/voice.h"
#include "gpa/gpa.h"

namespace {

using namespace gpa;

constexpr int64_t kTokensPerSecond = 50;
constexpr int32_t kPromptTokens = 128, kAnswerTokens = 96, kLongPrompt = 512;

const char* environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

void check(gpa_status status, const gpa_error& error) {
  if (status != GPA_OK) throw std::runtime_error(error.message);
}

struct FreeModel {
  void operator()(gpa_model* model) const { gpa_model_free(model); }
};
struct FreeEngine {
  void operator()(gpa_engine* engine) const { gpa_engine_free(engine); }
};
struct FreeRequest {
  void operator()(gpa_request* request) const { gpa_request_free(request); }
};
using Model = std::unique_ptr<gpa_model, FreeModel>;
using Engine = std::unique_ptr<gpa_engine, FreeEngine>;
using Request = std::unique_ptr<gpa_request, FreeRequest>;

Engine open() {
  gpa_error error;
  gpa_model* model = nullptr;
  check(gpa_model_open(environment("GPA_BENCH_MODEL", ""), 0, &model, &error), error);
  const Model owner(model);
  gpa_engine_params params{};
  params.threads = std::atoi(environment("GPA_BENCH_THREADS", "2"));
  params.max_concurrency = 16;
  params.precision = std::string(environment("GPA_BENCH_PRECISION", "exact")) == "fast" ? GPA_PRECISION_FAST : GPA_PRECISION_EXACT;
  gpa_engine* engine = nullptr;
  check(gpa_engine_create(model, &params, &engine, &error), error);
  return Engine(engine);
}

gpa_engine* engine() {
  static const Engine opened = open();
  return opened.get();
}

// ---- networks ----

struct Values {
  std::vector<float> floats;
  std::vector<int32_t> ints;
  int64_t rows = 1, cols = 0;

  gpa_tensor tensor(const std::string& name) const {
    return ints.empty() ? gpa_tensor{name.c_str(), GPA_F32, rows, cols, floats.data()} : gpa_tensor{name.c_str(), GPA_I32, rows, cols, ints.data()};
  }
};
using Named = std::map<std::string, Values>;

// Every input gives itself to every network: each takes what it knows.
void run(const std::string& network, const Named& inputs, gpa_trace_fn trace, void* user) {
  std::vector<gpa_tensor> tensors;
  for (const auto& [name, values] : inputs) tensors.push_back(values.tensor(name));
  gpa_error error;
  check(gpa_network_run(engine(), network.c_str(), tensors.data(), static_cast<int32_t>(tensors.size()), trace, user, &error), error);
}

int32_t count(void* user, const gpa_tensor*) {
  ++*static_cast<int*>(user);
  return 0;
}

// The clip and what the networks before make of it.
Named clip(int64_t seconds) {
  Named values;
  const std::vector<float> wav = bench::voice(seconds);
  values["wav"] = {wav, {}, 1, static_cast<int64_t>(wav.size())};
  values["samples"] = {{}, {static_cast<int32_t>(wav.size())}, 1, 1};
  values["global_ids"] = {{}, std::vector<int32_t>(GPA_VOICE_TOKENS, 3), 1, GPA_VOICE_TOKENS};
  for (const char* network : {"volume", "glm_mel", "wav2vec2", "bicodec_encoder", "speaker_mel"}) {
    Named results;
    run(network, values, [](void* user, const gpa_tensor* t) {
      Values& to = (*static_cast<Named*>(user))[t->name];
      to.rows = t->rows;
      to.cols = t->cols;
      const auto size = static_cast<size_t>(t->rows * t->cols);
      if (t->type == GPA_I32) to.ints.assign(static_cast<const int32_t*>(t->data), static_cast<const int32_t*>(t->data) + size);
      else to.floats.assign(static_cast<const float*>(t->data), static_cast<const float*>(t->data) + size);
      return 0;
    }, &results);
    for (const char* wanted : {"wav_normalized", "glm_mel", "w2v_feat", "semantic_ids", "speaker_mel"}) {
      if (const auto found = results.find(wanted); found != results.end()) values[wanted] = std::move(found->second);
    }
  }
  return values;
}

void network(benchmark::State& state, const std::string& name, int64_t seconds) {
  static std::map<int64_t, Named> clips;
  Named& inputs = clips[seconds];
  if (inputs.empty()) inputs = clip(seconds);
  int results = 0;
  for (auto _ : state) run(name, inputs, count, &results);
}

std::vector<int32_t> prompt(int32_t length) {
  std::vector<int32_t> ids(static_cast<size_t>(length));
  for (int32_t i = 0; i < length; ++i) ids[static_cast<size_t>(i)] = i * 37 % 4000;
  return ids;
}

void decoder(benchmark::State& state) {
  const Named inputs{{"prompt", {{}, prompt(kLongPrompt), 1, kLongPrompt}}};
  int results = 0;
  for (auto _ : state) run("decoder", inputs, count, &results);
}

// ---- requests ----

Request submit(const gpa_request_params& params) {
  gpa_request* request = nullptr;
  gpa_error error;
  check(gpa_request_submit(engine(), &params, nullptr, nullptr, 0, &request, &error), error);
  return Request(request);
}

int64_t wait(const Request& request) {
  int32_t done = 0;
  gpa_error error;
  check(gpa_request_wait(request.get(), -1, &done, &error), error);
  gpa_request_stats stats;
  check(gpa_request_get_stats(request.get(), &stats, &error), error);
  return stats.answer_tokens;
}

gpa_request_params params_of(gpa_task task) {
  gpa_request_params params{};
  params.task = task;
  params.sampling = {0.9f, 50, 1.0f, 1.0f, 1};
  return params;
}

void generate(benchmark::State& state, int sequences, gpa_allowed allowed) {
  const std::vector<int32_t> ids = prompt(kPromptTokens);
  gpa_request_params params = params_of(GPA_TASK_GENERATE);
  params.ids = ids.data();
  params.id_count = kPromptTokens;
  params.allowed = allowed;
  params.max_tokens = kAnswerTokens;
  int64_t tokens = 0;
  for (auto _ : state) {
    std::vector<Request> requests;
    for (int i = 0; i < sequences; ++i) {
      params.sampling.seed = static_cast<uint64_t>(i + 1);
      requests.push_back(submit(params));
    }
    tokens = 0;
    for (const Request& request : requests) tokens += wait(request);
  }
  state.counters["tokens"] = static_cast<double>(tokens);
}

std::vector<int32_t> text() {
  std::vector<int32_t> ids;
  std::istringstream in(environment("GPA_BENCH_TEXT", "100,101,102,103"));
  for (std::string id; std::getline(in, id, ',');) ids.push_back(std::atoi(id.c_str()));
  return ids;
}

void request(benchmark::State& state, gpa_task task, int64_t seconds) {
  const std::vector<float> pcm = bench::voice(seconds);
  const std::vector<int32_t> words = text(), voice(GPA_VOICE_TOKENS, 3);
  gpa_request_params params = params_of(task);
  if (task == GPA_TASK_SPEAK) {
    params.ids = words.data();
    params.id_count = static_cast<int64_t>(words.size());
  } else {
    params.pcm = pcm.data();
    params.samples = static_cast<int64_t>(pcm.size());
  }
  params.voice = voice.data();
  params.max_tokens = static_cast<int32_t>(task == GPA_TASK_TRANSCRIBE ? 4 * seconds : kTokensPerSecond * seconds);
  int64_t tokens = 0;
  for (auto _ : state) tokens = wait(submit(params));
  state.counters["tokens"] = static_cast<double>(tokens);
}

// From nothing to the first token.
void load(benchmark::State& state) {
  const std::vector<int32_t> ids = prompt(1);
  for (auto _ : state) {
    const Engine fresh = open();
    gpa_request_params params = params_of(GPA_TASK_GENERATE);
    params.ids = ids.data();
    params.id_count = 1;
    params.allowed = GPA_ALLOWED_SEMANTIC;
    params.max_tokens = 1;
    gpa_request* started = nullptr;
    gpa_error error;
    check(gpa_request_submit(fresh.get(), &params, nullptr, nullptr, 0, &started, &error), error);
    wait(Request(started));
  }
}

void add(const std::string& name, const std::function<void(benchmark::State&)>& work) {
  benchmark::RegisterBenchmark(name.c_str(), work)->UseRealTime()->Unit(benchmark::kMillisecond);
}

std::string length(int64_t seconds) { return std::string("_").append(std::to_string(seconds)).append("s"); }

void register_all() {
  add("load", load);
  for (const int64_t s : {1, 5, 10}) {
    for (const char* name : {"glm_mel", "glm_tokenizer", "wav2vec2", "bicodec_encoder", "speaker_encoder", "bicodec_decoder"}) {
      add(name + length(s), [=](benchmark::State& state) { network(state, name, s); });
    }
    add("transcribe" + length(s), [=](benchmark::State& state) { request(state, GPA_TASK_TRANSCRIBE, s); });
    add("enroll" + length(s), [=](benchmark::State& state) { request(state, GPA_TASK_ENROLL, s); });
    add("speak" + length(s), [=](benchmark::State& state) { request(state, GPA_TASK_SPEAK, s); });
    add("convert" + length(s), [=](benchmark::State& state) { request(state, GPA_TASK_CONVERT, s); });
  }
  add("decoder_512", decoder);
  for (const int n : {1, 4, 8, 16}) {
    add(std::string("generate_b").append(std::to_string(n)).append("_all"), [=](benchmark::State& state) { generate(state, n, GPA_ALLOWED_ALL); });
    add(std::string("generate_b").append(std::to_string(n)).append("_semantic"), [=](benchmark::State& state) { generate(state, n, GPA_ALLOWED_SEMANTIC); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (!*environment("GPA_BENCH_MODEL", "")) {
    std::fprintf(stderr, "bench_api: set GPA_BENCH_MODEL to a model file\n");
    return 1;
  }
  try {
    benchmark::AddCustomContext("kernels", gpa_engine_isa(engine()));
    register_all();
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_api: %s\n", e.what());
    return 1;
  }
  benchmark::Shutdown();
  return 0;
}
