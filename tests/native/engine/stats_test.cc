// What an engine says of itself.
#include <cstring>

#include "engine/engine_counters.h"
#include "engine/golden_prompts.h"
#include "engine/walk_engine.h"

namespace gpa::test {
namespace {

TEST(TimeHistogram, is_empty_at_first) {
  const TimeHistogram times;
  EXPECT_EQ(0, times.count());
  EXPECT_EQ(0, times.quantile_us(0.5));
}

TEST(TimeHistogram, quantiles_are_at_most_nine_percent_too_high) {
  TimeHistogram times;
  for (int64_t us = 1; us <= 100'000; ++us) times.add(us);
  EXPECT_EQ(100'000, times.count());
  EXPECT_EQ(int64_t{100'000} * 100'001 / 2, times.sum_us());
  for (double share : {0.01, 0.5, 0.95, 1.0}) {
    const double exact = share * 100'000;
    EXPECT_GE(static_cast<double>(times.quantile_us(share)), exact * 0.999) << share;
    EXPECT_LE(static_cast<double>(times.quantile_us(share)), exact * 1.1) << share;
  }
}

TEST(TimeHistogram, takes_any_time) {
  TimeHistogram times;
  for (int64_t us : {int64_t{-5}, int64_t{0}, int64_t{1} << 60}) times.add(us);
  EXPECT_EQ(3, times.count());
  EXPECT_GT(times.quantile_us(1), int64_t{1} << 30);
}

TEST(EngineStats, begin_at_zero) {
  WalkEngine walk({1, 3, 5, 128, nullptr, GPA_PRECISION_EXACT});
  gpa_engine_stats stats = stats_of(walk.engine);
  EXPECT_EQ(3 * 2 + 1, stats.kv_pages_total);
  stats.kv_pages_total = 0;
  const gpa_engine_stats zero{};
  EXPECT_EQ(0, std::memcmp(&zero, &stats, sizeof zero));
}

TEST(EngineStats, requests_are_counted_where_they_are_and_how_they_end) {
  WalkEngine walk({1, 1, 2, 0, nullptr, GPA_PRECISION_EXACT});
  const std::vector<int32_t> prompt{1};
  EXPECT_EQ(walk_from(1, 3), answer_of(submit(walk.engine.get(), generate_params(prompt, 3))));
  const RequestHandle running = walk.submit_endless();
  wait_for_answer(running);
  const RequestHandle first = walk.submit_endless(), second = walk.submit_endless();
  gpa_request* refused = nullptr;
  const gpa_request_params params = generate_params(prompt, 1);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(GPA_ERROR_CAPACITY, gpa_request_submit(walk.engine.get(), &params, nullptr, nullptr, 0, &refused, nullptr));
  gpa_engine_stats stats = stats_of(walk.engine);
  EXPECT_EQ(1, stats.running);
  EXPECT_EQ(2, stats.queued);
  EXPECT_EQ(1, stats.done);
  EXPECT_EQ(2, stats.refused);
  EXPECT_EQ(0, stats.cancelled);
  EXPECT_GT(stats.kv_pages_used, 0);
  for (const RequestHandle* request : {&second, &first, &running}) {
    gpa_request_cancel(request->get());
    EXPECT_EQ(GPA_ERROR_CANCELLED, wait(*request));
  }
  stats = stats_of(walk.engine);
  EXPECT_EQ(0, stats.running);
  EXPECT_EQ(0, stats.queued);
  EXPECT_EQ(3, stats.cancelled);
  EXPECT_EQ(0, stats.failed);
  EXPECT_GT(stats.busy_us, 0);
}

TEST(EngineStats, steps_rows_and_batches_add_up) {
  WalkEngine walk;
  const std::vector<int32_t> prompt(10, 3);
  answer_of(submit(walk.engine.get(), generate_params(prompt, 5)));
  gpa_engine_stats stats = stats_of(walk.engine);
  EXPECT_EQ(5, stats.steps);  // the first answers too
  EXPECT_EQ(5, stats.step_requests);
  EXPECT_EQ(10 + 4, stats.rows);
  std::vector<RequestHandle> requests;
  for (int i = 0; i < 4; ++i) requests.push_back(submit(walk.engine.get(), generate_params(prompt, 200)));
  for (const RequestHandle& request : requests) answer_of(request);
  stats = stats_of(walk.engine);
  EXPECT_EQ(5 + 4 * 200, stats.step_requests);
  EXPECT_LT(stats.steps, 5 + 4 * 200);
}

TEST(EngineStats, speech_is_counted_with_its_first_audio) {
  const ModelHandle model = open_model(golden_model().path());
  const EngineHandle engine = create_engine(model.get(), {2, 2, 0, 0, nullptr, GPA_PRECISION_EXACT});
  const std::vector<int32_t> text{10, 20, 30}, voice(GPA_VOICE_TOKENS, 7);
  gpa_request_params params = request_params(GPA_TASK_SPEAK);
  params.ids = text.data();
  params.id_count = 3;
  params.voice = voice.data();
  params.max_tokens = 50;
  const RequestHandle whole = submit(engine.get(), params);
  const auto tokens = static_cast<int64_t>(answer_of(whole).size());
  gpa_engine_stats stats = stats_of(engine);
  EXPECT_EQ(tokens * 320, stats.audio_samples);
  EXPECT_EQ(0, stats.first_audio_count);
  params.chunk = [](void*, uint64_t, const float*, int64_t) { return 0; };
  const RequestHandle stream = submit(engine.get(), params);
  answer_of(stream);
  stats = stats_of(engine);
  EXPECT_EQ(2 * tokens * 320, stats.audio_samples);
  EXPECT_EQ(1, stats.first_audio_count);
  EXPECT_GT(stats.first_audio_sum_us, 0);
  EXPECT_LE(stats.first_audio_sum_us, stats_of(stream).finished_us);
  EXPECT_GE(stats.first_audio_p50_us, stats.first_audio_sum_us);
  EXPECT_EQ(stats.first_audio_p50_us, stats.first_audio_p95_us);
}

TEST(EngineStats, null_arguments_are_refused_by_name) {
  WalkEngine walk;
  gpa_engine_stats stats;
  gpa_error error;
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_engine_get_stats(nullptr, &stats, &error));
  EXPECT_STREQ("engine is null", error.message);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_engine_get_stats(walk.engine.get(), nullptr, &error));
  EXPECT_STREQ("stats is null", error.message);
}

}  // namespace
}  // namespace gpa::test
