// Speed of a model file's networks and of whole requests.  GPA_BENCH_MODEL: the file; GPA_BENCH_THREADS: default 2;
// GPA_BENCH_PRECISION: "fast" rounds the audio networks' activations.
//   prefill_N           N prompt tokens into an empty cache            tokens/s
//   decode_bN_{all,semantic}   one token for each of N sequences of 128 to 224 tokens, with that head   tokens/s
//   NETWORK_Ns          N seconds of audio                             RTF: time per second of audio
//   tts_5s, asr_5s, vc_5s      requests: 250 tokens of speech, 5 s heard, 5 s converted                 RTF
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "engine/allowed_ids.h"
#include "engine/prompt.h"
#include "engine/task_audio.h"
#include "gpa/gpa.h"
#include "layers/kv_cache.h"
#include "models/model.h"

namespace {

using namespace gpa;

constexpr int kSampleRate = 16000;
constexpr int64_t kPromptTokens = 128, kAnswerTokens = 96;

int threads() {
  const char* text = std::getenv("GPA_BENCH_THREADS");
  return text ? std::max(1, std::atoi(text)) : 2;
}

gpa_precision precision() {
  const char* text = std::getenv("GPA_BENCH_PRECISION");
  return text && std::string(text) == "fast" ? GPA_PRECISION_FAST : GPA_PRECISION_EXACT;
}

struct Bench {
  explicit Bench(std::shared_ptr<const Model> opened) : model(std::move(opened)) {}

  std::shared_ptr<const Model> model;
  ThreadPool pool{threads()};
  Arena arena;

  Context context() { return Context{*select_kernels(), pool, arena, precision() == GPA_PRECISION_FAST ? Rounding::kInt8 : Rounding::kNone}; }
};

// Something like a voice: harmonics of a gliding pitch with pauses.
std::vector<float> voice(int64_t samples) {
  std::vector<float> out(static_cast<size_t>(samples));
  double phase = 0;
  for (int64_t i = 0; i < samples; ++i) {
    const double t = static_cast<double>(i) / kSampleRate;
    phase += (120 + 40 * std::sin(1.7 * t)) / kSampleRate;
    double sum = 0;
    for (int h = 1; h < 12; ++h) sum += std::sin(2 * M_PI * h * phase) / h;
    out[static_cast<size_t>(i)] = static_cast<float>(0.1 * sum * (std::sin(4 * t) > -0.7));
  }
  return out;
}

void rate_tokens(benchmark::State& state, int64_t tokens) {
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(tokens * static_cast<int64_t>(state.iterations())), benchmark::Counter::kIsRate);
}
void rate_audio(benchmark::State& state, double seconds) {
  state.counters["RTF"] = benchmark::Counter(seconds * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void prefill(benchmark::State& state, Bench& bench, int64_t tokens) {
  const Qwen3& decoder = bench.model->decoder();
  KvPool pool(decoder.kv_shape(), kv_pages(tokens));
  std::vector<int32_t> ids(static_cast<size_t>(tokens));
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(i * 7919 % static_cast<size_t>(decoder.vocab()));
  for (auto _ : state) {
    Arena::Scope scope(bench.arena);
    KvSequence sequence(pool);
    const DecoderSpan span{&sequence, tokens};
    benchmark::DoNotOptimize(decoder.forward(bench.context(), ids, {&span, 1}).data);
  }
  rate_tokens(state, tokens);
}

void decode(benchmark::State& state, Bench& bench, int64_t sequences, gpa_allowed allowed) {
  const Qwen3& decoder = bench.model->decoder();
  const AllowedIds rows = allowed_ids(bench.model->tokens(), decoder.vocab(), GPA_TASK_GENERATE, allowed);
  KvPool pool(decoder.kv_shape(), sequences * kv_pages(kPromptTokens + kAnswerTokens));
  std::vector<std::unique_ptr<KvSequence>> cache(static_cast<size_t>(sequences));
  const std::vector<int32_t> prompt(static_cast<size_t>(kPromptTokens), 11);
  const std::vector<int32_t> ids(static_cast<size_t>(sequences), 7);
  const Context context = bench.context();
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<DecoderSpan> spans;
    for (auto& sequence : cache) {
      Arena::Scope scope(bench.arena);
      sequence = std::make_unique<KvSequence>(pool);
      const DecoderSpan span{sequence.get(), kPromptTokens};
      decoder.forward(context, prompt, {&span, 1});
      spans.push_back({sequence.get(), 1});
    }
    state.ResumeTiming();
    for (int64_t i = 0; i < kAnswerTokens; ++i) {
      Arena::Scope scope(bench.arena);
      const Matrix hidden = decoder.forward(context, ids, spans);
      benchmark::DoNotOptimize(decoder.logits(context, hidden, rows.ranges()).data);
    }
    state.PauseTiming();
    for (auto& sequence : cache) sequence.reset();
    state.ResumeTiming();
  }
  rate_tokens(state, sequences * kAnswerTokens);
}

// A part of the audio side over `seconds` of audio.
template <class Run>
void audio(benchmark::State& state, Bench& bench, int64_t seconds, Run run) {
  const std::vector<float> pcm = voice(seconds * kSampleRate);
  for (auto _ : state) {
    Arena::Scope scope(bench.arena);
    Context context = bench.context();
    run(context, pcm);
  }
  rate_audio(state, static_cast<double>(seconds));
}

void render(benchmark::State& state, Bench& bench, int64_t seconds) {
  const std::vector<int32_t> ids(static_cast<size_t>(50 * seconds), 5), global(GPA_VOICE_TOKENS, 3);
  for (auto _ : state) {
    Arena::Scope scope(bench.arena);
    Context context = bench.context();
    benchmark::DoNotOptimize(waveform(*bench.model, context, ids, global).data());
  }
  rate_audio(state, static_cast<double>(seconds));
}

// A whole request over the C interface; the answer is `tokens` long, whatever the model says.
void request(benchmark::State& state, const std::string& path, gpa_task task, int64_t seconds, int32_t tokens) {
  gpa_model* model = nullptr;
  gpa_engine* engine = nullptr;
  gpa_engine_params params{};
  params.threads = threads();
  params.precision = precision();
  gpa_error error;
  if (gpa_model_open(path.c_str(), 0, &model, &error) != GPA_OK || gpa_engine_create(model, &params, &engine, &error) != GPA_OK) {
    state.SkipWithError(error.message);
    return;
  }
  const std::vector<float> pcm = voice(seconds * kSampleRate);
  const std::vector<int32_t> text(24, 100), global(GPA_VOICE_TOKENS, 3);
  double first = 0;
  for (auto _ : state) {
    gpa_request_params asked{};
    asked.task = task;
    if (task != GPA_TASK_SPEAK) {
      asked.pcm = pcm.data();
      asked.samples = static_cast<int64_t>(pcm.size());
    }
    asked.ids = text.data();
    asked.id_count = task == GPA_TASK_SPEAK ? static_cast<int64_t>(text.size()) : 0;
    asked.voice = global.data();
    asked.sampling = {0.9f, 50, 1.0f, 1.0f, static_cast<uint64_t>(state.iterations())};
    asked.max_tokens = tokens;
    gpa_request* running = nullptr;
    int32_t done = 0;
    if (gpa_request_submit(engine, &asked, nullptr, nullptr, 0, &running, &error) != GPA_OK || gpa_request_wait(running, -1, &done, &error) != GPA_OK) {
      state.SkipWithError(error.message);
      break;
    }
    gpa_request_stats stats;
    gpa_request_get_stats(running, &stats, &error);
    first += static_cast<double>(stats.first_token_us) * 1e-3;
    gpa_request_free(running);
  }
  state.counters["first_token_ms"] = benchmark::Counter(first, benchmark::Counter::kAvgIterations);
  rate_audio(state, static_cast<double>(seconds));
  gpa_engine_free(engine);
  gpa_model_free(model);
}

void register_all(const std::string& path, Bench& bench) {
  const auto add = [](const std::string& name, auto run) { benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMillisecond); };
  const Model& model = *bench.model;
  add("prefill_512", [&](benchmark::State& s) { prefill(s, bench, 512); });
  for (const int64_t n : {1, 4, 8, 16}) {
    add("decode_b" + std::to_string(n) + "_all", [&bench, n](benchmark::State& s) { decode(s, bench, n, GPA_ALLOWED_ALL); });
    add("decode_b" + std::to_string(n) + "_semantic", [&bench, n](benchmark::State& s) { decode(s, bench, n, GPA_ALLOWED_SEMANTIC); });
  }
  for (const int64_t seconds : {1, 5, 10}) {
    const std::string length = std::string("_").append(std::to_string(seconds)).append("s");
    add("glm_tokenizer" + length, [&, seconds](benchmark::State& s) {
      audio(s, bench, seconds, [&](Context& c, const std::vector<float>& x) { glm_codes(model, c, x.data(), static_cast<int64_t>(x.size())); });
    });
    add("wav2vec2" + length, [&, seconds](benchmark::State& s) {
      audio(s, bench, seconds, [&](Context& c, const std::vector<float>& x) { model.wav2vec2().features(c, x.data(), static_cast<int64_t>(x.size())); });
    });
    add("semantic_codes" + length, [&, seconds](benchmark::State& s) {
      audio(s, bench, seconds, [&](Context& c, const std::vector<float>& x) { semantic_codes(model, c, x.data(), static_cast<int64_t>(x.size())); });
    });
    add("bicodec_decoder" + length, [&, seconds](benchmark::State& s) { render(s, bench, seconds); });
  }
  add("speaker_encoder_6s", [&](benchmark::State& s) {
    audio(s, bench, 6, [&](Context& c, const std::vector<float>& x) { voice_codes(model, c, x.data(), static_cast<int64_t>(x.size())); });
  });
  add("tts_5s", [path](benchmark::State& s) { request(s, path, GPA_TASK_SPEAK, 5, 250); });
  add("asr_5s", [path](benchmark::State& s) { request(s, path, GPA_TASK_TRANSCRIBE, 5, 20); });
  add("vc_5s", [path](benchmark::State& s) { request(s, path, GPA_TASK_CONVERT, 5, 250); });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const char* path = std::getenv("GPA_BENCH_MODEL");
  if (!path || !*path) {
    std::fprintf(stderr, "bench_engine: set GPA_BENCH_MODEL to a model file, made by: gpa fabricate --shape gpa-0.3b --type q8_0 -o FILE.gguf\n");
    return 1;
  }
  try {
    Bench bench(Model::open(path, false));
    benchmark::AddCustomContext("kernels", select_kernels()->name);
    benchmark::AddCustomContext("threads", std::to_string(threads()));
    register_all(path, bench);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_engine: %s\n", e.what());
    return 1;
  }
  benchmark::Shutdown();
  return 0;
}
