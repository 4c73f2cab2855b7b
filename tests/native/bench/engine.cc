// Speed of a model file's decoder and audio side without anything around them.  GPA_BENCH_MODEL: the file; GPA_BENCH_THREADS:
// default 2; GPA_BENCH_PRECISION: "fast" rounds the audio networks' activations.
//   prefill_N           N prompt tokens into an empty cache            tokens/s
//   decode_bN_{all,semantic}   one token for each of N sequences of 128 to 224 tokens, with that head   tokens/s
//   NETWORK_Ns          N seconds of audio                             RTF: time per second of audio
// of_limit: the least time that the machine needs for the same arithmetic or reading (bench/work.h) over the time taken.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/voice.h"
#include "bench/work.h"
#include "engine/allowed_ids.h"
#include "engine/prompt.h"
#include "engine/task_audio.h"
#include "engine/whole_speech.h"
#include "gpa/gpa.h"
#include "layers/kv_cache.h"
#include "models/model.h"

namespace {

using namespace gpa;

constexpr int64_t kPromptTokens = 128, kAnswerTokens = 96;

gpa_precision precision() {
  const char* text = std::getenv("GPA_BENCH_PRECISION");
  return text && std::string(text) == "fast" ? GPA_PRECISION_FAST : GPA_PRECISION_EXACT;
}

struct Subject {
  explicit Subject(std::shared_ptr<const Model> opened) : model(std::move(opened)) { bench::pool().use(packed.get()); }

  std::shared_ptr<const Model> model;
  std::shared_ptr<const PackedWeights> packed = model->packed_decoder(*select_kernels(), bench::threads());
  bench::Limits limits = bench::measure_limits(select_kernels()->name);
  Arena arena{bench::pool()};

  Context context(const KernelTable& kernels = *select_kernels()) {
    return Context{kernels, bench::pool(), arena, precision() == GPA_PRECISION_FAST ? Rounding::kInt8 : Rounding::kNone};
  }

  // The least seconds for what work(context) does.
  template <class Run>
  double least_seconds(Run run) {
    Context counting = context(bench::counting(*select_kernels()));
    Arena::Scope scope(arena);
    run(counting);
    return bench::work().least_seconds(limits);
  }
};

void rate_tokens(benchmark::State& state, int64_t tokens) {
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(tokens * static_cast<int64_t>(state.iterations())), benchmark::Counter::kIsRate);
}
void rate_limit(benchmark::State& state, double least_seconds) {
  if (least_seconds > 0) state.counters["of_limit"] = benchmark::Counter(least_seconds * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
void rate_audio(benchmark::State& state, double seconds) {
  state.counters["RTF"] = benchmark::Counter(seconds * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void prefill(benchmark::State& state, Subject& subject, int64_t tokens) {
  const Qwen3& decoder = subject.model->decoder();
  KvPool pool(bench::pool(), decoder.kv_shape(), kv_pages(tokens));
  std::vector<int32_t> ids(static_cast<size_t>(tokens));
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(i * 7919 % static_cast<size_t>(decoder.vocab()));
  const auto run = [&](const Context& context) {
    Arena::Scope scope(subject.arena);
    KvSequence sequence(pool);
    const DecoderSpan span{&sequence, tokens};
    benchmark::DoNotOptimize(decoder.forward(context, ids, {&span, 1}).data);
  };
  for (auto _ : state) run(subject.context());
  rate_tokens(state, tokens);
  rate_limit(state, subject.least_seconds(run));
}

void decode(benchmark::State& state, Subject& subject, int64_t sequences, gpa_allowed allowed) {
  const Qwen3& decoder = subject.model->decoder();
  const AllowedIds rows = allowed_ids(subject.model->tokens(), decoder.vocab(), GPA_TASK_GENERATE, allowed);
  KvPool pool(bench::pool(), decoder.kv_shape(), sequences * kv_pages(kPromptTokens + kAnswerTokens));
  std::vector<std::unique_ptr<KvSequence>> cache(static_cast<size_t>(sequences));
  const std::vector<int32_t> prompt(static_cast<size_t>(kPromptTokens), 11);
  const std::vector<int32_t> ids(static_cast<size_t>(sequences), 7);
  std::vector<DecoderSpan> spans;
  const auto hear_prompts = [&] {
    spans.clear();
    for (auto& sequence : cache) {
      Arena::Scope scope(subject.arena);
      sequence.reset();
      sequence = std::make_unique<KvSequence>(pool);
      const DecoderSpan span{sequence.get(), kPromptTokens};
      decoder.forward(subject.context(), prompt, {&span, 1});
      spans.push_back({sequence.get(), 1});
    }
  };
  const auto answer = [&](const Context& context) {
    for (int64_t i = 0; i < kAnswerTokens; ++i) {
      Arena::Scope scope(subject.arena);
      const Matrix hidden = decoder.forward(context, ids, spans);
      benchmark::DoNotOptimize(decoder.logits(context, hidden, rows.ranges()).data);
    }
  };
  for (auto _ : state) {
    state.PauseTiming();
    hear_prompts();
    state.ResumeTiming();
    answer(subject.context());
  }
  rate_tokens(state, sequences * kAnswerTokens);
  hear_prompts();
  rate_limit(state, subject.least_seconds(answer));
}

// A part of the audio side over `seconds` of audio.
template <class Run>
void audio(benchmark::State& state, Subject& subject, int64_t seconds, Run run) {
  const std::vector<float> pcm = bench::voice(seconds);
  for (auto _ : state) {
    Arena::Scope scope(subject.arena);
    Context context = subject.context();
    run(context, pcm);
  }
  rate_audio(state, static_cast<double>(seconds));
  rate_limit(state, subject.least_seconds([&](Context& context) { run(context, pcm); }));
}

void render(benchmark::State& state, Subject& subject, int64_t seconds) {
  const std::vector<int32_t> ids(static_cast<size_t>(50 * seconds), 5), global(GPA_VOICE_TOKENS, 3);
  const auto run = [&](Context& context) {
    WholeSpeech speech(subject.model->codec_decoder(), context, global, ids);
    while (!speech.render(context, 128)) {
    }
    benchmark::DoNotOptimize(speech.take().pcm.data());
  };
  for (auto _ : state) {
    Arena::Scope scope(subject.arena);
    Context context = subject.context();
    run(context);
  }
  rate_audio(state, static_cast<double>(seconds));
  rate_limit(state, subject.least_seconds(run));
}

void register_all(Subject& subject) {
  const auto add = [](const std::string& name, auto run) { benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMillisecond); };
  const Model& model = *subject.model;
  add("prefill_512", [&](benchmark::State& s) { prefill(s, subject, 512); });
  for (const int64_t n : {1, 4, 8, 16}) {
    add("decode_b" + std::to_string(n) + "_all", [&subject, n](benchmark::State& s) { decode(s, subject, n, GPA_ALLOWED_ALL); });
    add("decode_b" + std::to_string(n) + "_semantic", [&subject, n](benchmark::State& s) { decode(s, subject, n, GPA_ALLOWED_SEMANTIC); });
  }
  for (const int64_t seconds : {1, 5, 10}) {
    const std::string length = std::string("_").append(std::to_string(seconds)).append("s");
    add("glm_tokenizer" + length, [&, seconds](benchmark::State& s) {
      audio(s, subject, seconds, [&](Context& c, const std::vector<float>& x) { glm_codes(model, c, x.data(), static_cast<int64_t>(x.size())); });
    });
    add("wav2vec2" + length, [&, seconds](benchmark::State& s) {
      audio(s, subject, seconds, [&](Context& c, const std::vector<float>& x) { model.wav2vec2().features(c, x.data(), static_cast<int64_t>(x.size())); });
    });
    add("semantic_codes" + length, [&, seconds](benchmark::State& s) {
      audio(s, subject, seconds, [&](Context& c, const std::vector<float>& x) { semantic_codes(model, c, x.data(), static_cast<int64_t>(x.size())); });
    });
    add("bicodec_decoder" + length, [&, seconds](benchmark::State& s) { render(s, subject, seconds); });
  }
  add("speaker_encoder_6s", [&](benchmark::State& s) {
    audio(s, subject, 6, [&](Context& c, const std::vector<float>& x) { voice_codes(model, c, x.data(), static_cast<int64_t>(x.size())); });
  });
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
    Subject subject(Model::open(path, false));
    benchmark::AddCustomContext("kernels", select_kernels()->name);
    benchmark::AddCustomContext("threads", std::to_string(bench::threads()));
    bench::add_to_context(select_kernels()->name, subject.limits);
    register_all(subject);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_engine: %s\n", e.what());
    return 1;
  }
  benchmark::Shutdown();
  return 0;
}
