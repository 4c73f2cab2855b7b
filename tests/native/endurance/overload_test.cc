// Twenty times more requests than the engine can answer, and cancelled ones. Times are asserted with room for a busy machine, and printed.
#include <algorithm>
#include <cstdio>
#include <list>

#include "engine/golden_prompts.h"
#include "engine/walk_engine.h"

namespace gpa::test {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

constexpr auto kPhase = std::chrono::milliseconds(500);
constexpr int kPlaces = 12;  // of requests that run or wait

struct Overload {
  EngineHandle engine;
  std::vector<double> refusals{};  // ms
  std::vector<int32_t> prompt{1, 2, 3};
  std::list<RequestHandle> live{};
  uint64_t seed = 0;

  // Whether it was taken.
  bool offer() {
    gpa_request_params params = generate_params(prompt, 6);
    params.sampling = {2, 0, 1, 1, ++seed};
    gpa_request* request = nullptr;
    const auto begin = Clock::now();
    const gpa_status status = gpa_request_submit(engine.get(), &params, nullptr, nullptr, 0, &request, nullptr);
    if (status == GPA_OK) {
      live.emplace_back(request);
    } else {
      EXPECT_EQ(GPA_ERROR_CAPACITY, status);
      refusals.push_back(milliseconds(Clock::now() - begin));
    }
    return status == GPA_OK;
  }
  void free_ended() {
    live.remove_if([](const RequestHandle& request) {
      int32_t done = 0;
      EXPECT_EQ(GPA_OK, gpa_request_wait(request.get(), 0, &done, nullptr));
      return done == 1;
    });
  }
  // Requests a second that end well where there is always somebody who waits: what the engine can do.
  double capacity() {
    return measure([&] {
      while (stats_of(engine).running + stats_of(engine).queued < kPlaces) offer();
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    });
  }
  // The same where so many are offered a second.
  double goodput(double rate) {
    const auto interval = std::chrono::nanoseconds(static_cast<int64_t>(1e9 / rate));
    auto next = Clock::now();
    return measure([&] {
      std::this_thread::sleep_until(next += interval);
      offer();
    });
  }
  template <class Turn>
  double measure(Turn turn) {
    const auto begin = Clock::now();
    const int64_t done = stats_of(engine).done;
    for (int i = 1; Clock::now() - begin < kPhase; ++i) {
      turn();
      if (i % 16 == 0) free_ended();
    }
    return static_cast<double>(stats_of(engine).done - done) / std::chrono::duration<double>(Clock::now() - begin).count();
  }
};

TEST(Overload, twenty_times_too_much_costs_no_goodput_and_is_refused_at_once) {
  const ModelHandle model = open_model(golden_model().path());
  Overload load{create_engine(model.get(), {1, 4, kPlaces - 4, 0, nullptr, GPA_PRECISION_EXACT})};
  double capacity = 0, goodput = 0, offered = 0;
  constexpr int kRounds = 8;
  for (int round = 0; round < kRounds; ++round) {
    const double can = load.capacity();
    capacity += can;
    const uint64_t before = load.seed;
    goodput += load.goodput(20 * std::max(can, 10.0));
    offered += static_cast<double>(load.seed - before) / std::chrono::duration<double>(kPhase).count();
  }
  std::sort(load.refusals.begin(), load.refusals.end());
  ASSERT_FALSE(load.refusals.empty());
  const double median = load.refusals[load.refusals.size() / 2], p99 = load.refusals[load.refusals.size() * 99 / 100];
  std::printf("capacity %.0f requests/s, offered %.1f times as many: %.0f answered (%.1f %%); %zu refusals: median %.4f ms, 99 %% within %.4f ms, slowest %.3f ms\n",
              capacity / kRounds, offered / capacity, goodput / kRounds, 100 * goodput / capacity, load.refusals.size(), median, p99, load.refusals.back());
  EXPECT_LE(p99, 10.0);
  EXPECT_GE(goodput, 0.25 * capacity) << "95 % and more on a quiet machine; here who offers takes processor time too";
  const gpa_engine_stats stats = stats_of(load.engine);
  EXPECT_EQ(static_cast<int64_t>(load.refusals.size()), stats.refused);
  EXPECT_EQ(0, stats.failed);
}

// How long it takes until a waiting request runs once the running one is cancelled.
TEST(Overload, cancelling_frees_the_place_soon_whatever_runs) {
  constexpr double kMostMs = 1000;  // 100 on a quiet machine
  const ModelHandle model = open_model(golden_model().path());
  const EngineHandle engine = create_engine(model.get(), {1, 1, 4, 0, nullptr, GPA_PRECISION_EXACT});
  const std::vector<int32_t> text{10, 20, 30}, voice(GPA_VOICE_TOKENS, 7);
  const std::vector<float> wav(16000 * 20, 0.1f);
  double slowest = 0;
  for (int round = 0; round < 30; ++round) {
    gpa_request_params params = request_params(round % 3 == 2 ? GPA_TASK_CONVERT : GPA_TASK_SPEAK);
    params.voice = voice.data();
    if (params.task == GPA_TASK_CONVERT) {
      params.pcm = wav.data();
      params.samples = static_cast<int64_t>(wav.size());
    } else {
      params.ids = text.data();
      params.id_count = 3;
    }
    if (round % 3 == 1) params.chunk = [](void*, uint64_t, const float*, int64_t) { return 0; };
    params.sampling = {2, 0, 1, 1, static_cast<uint64_t>(round)};
    const RequestHandle running = submit(engine.get(), params);
    const RequestHandle next = submit(engine.get(), generate_params(text, 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + round % 20));
    const auto begin = Clock::now();
    gpa_request_cancel(running.get());
    answer_of(next);
    slowest = std::max(slowest, milliseconds(Clock::now() - begin));
  }
  std::printf("cancelled, and the next one answered within %.1f ms\n", slowest);
  EXPECT_LE(slowest, kMostMs);
}

}  // namespace
}  // namespace gpa::test
