// The life of engines and requests over the C interface: submit, wait, cancel, free in any order, limits, failures.
#include "engine/engine.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>

#include "engine/walk_engine.h"

namespace gpa::test {
namespace {

constexpr gpa_engine_params kOneAtATime{1, 1, 8, 0, nullptr, GPA_PRECISION_EXACT};

// What done was called with. It may be called a moment after a wait has returned; freeing the engine waits for that.
class DoneLog {
 public:
  static void call(void* user, uint64_t id) {
    auto& self = *static_cast<DoneLog*>(user);
    std::lock_guard lock(self.mutex_);
    self.ids_.push_back(id);
  }
  std::vector<uint64_t> ids() const {
    std::lock_guard lock(mutex_);
    return ids_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<uint64_t> ids_;
};

std::string result_refusal(const RequestHandle& request) {
  const int32_t* ids = nullptr;
  const float* pcm = nullptr;
  int64_t count = 0;
  gpa_error error{};
  EXPECT_EQ(GPA_ERROR_INVALID_STATE, gpa_request_pcm(request.get(), &pcm, &count, &error));
  EXPECT_EQ(GPA_ERROR_INVALID_STATE, gpa_request_ids(request.get(), &ids, &count, &error));
  EXPECT_EQ(nullptr, ids);
  return error.message;
}

// ---- answers ----

TEST(EngineAnswer, max_tokens_ends_it) {
  WalkEngine walk;
  for (int32_t tokens : {1, 2, 17, 200}) {
    const std::vector<int32_t> prompt{3, 9, 5};
    const RequestHandle request = submit(walk.engine.get(), generate_params(prompt, tokens));
    EXPECT_EQ(walk_from(5, tokens), answer_of(request));
    EXPECT_EQ(0, stats_of(request).stopped);
    EXPECT_EQ(tokens, stats_of(request).answer_tokens);
  }
}

TEST(EngineAnswer, end_token_ends_it) {
  const auto bytes = walk_model(walk_head(), [](GgufBuilder& file) { file.value("gpa.tokens.end_of_answer", 20u); });
  WalkEngine walk({2, 4, 0, 0, nullptr, GPA_PRECISION_EXACT}, bytes);
  const std::vector<int32_t> prompt{11};
  for (int32_t tokens : {0, 9, 100}) {
    const RequestHandle request = submit(walk.engine.get(), generate_params(prompt, tokens));
    EXPECT_EQ(walk_from(11, 9), answer_of(request));
    EXPECT_EQ(1, stats_of(request).stopped);
  }
  const RequestHandle cut = submit(walk.engine.get(), generate_params(prompt, 8));
  EXPECT_EQ(walk_from(11, 8), answer_of(cut));
  EXPECT_EQ(0, stats_of(cut).stopped);
}

TEST(EngineAnswer, context_ends_it) {
  WalkEngine walk({2, 4, 0, 20, nullptr, GPA_PRECISION_EXACT});
  std::vector<int32_t> prompt(5, 7);
  for (int32_t tokens : {0, 100}) {
    const RequestHandle request = submit(walk.engine.get(), generate_params(prompt, tokens));
    EXPECT_EQ(walk_from(7, 15), answer_of(request));
    EXPECT_EQ(0, stats_of(request).stopped);
  }
  prompt.assign(19, 7);
  EXPECT_EQ(walk_from(7, 1), answer_of(submit(walk.engine.get(), generate_params(prompt, 0))));
  prompt.assign(20, 7);
  gpa_request* request = nullptr;
  gpa_error error;
  const gpa_request_params params = generate_params(prompt, 0);
  EXPECT_EQ(GPA_ERROR_CAPACITY, gpa_request_submit(walk.engine.get(), &params, nullptr, nullptr, 0, &request, &error));
  EXPECT_NE(nullptr, std::strstr(error.message, "the prompt takes 20 tokens, the context holds 20"));
}

TEST(EngineAnswer, times_are_in_order_and_counts_right) {
  WalkEngine walk;
  const std::vector<int32_t> prompt(300, 2);  // two steps to read
  const RequestHandle request = submit(walk.engine.get(), generate_params(prompt, 50));
  answer_of(request);
  const gpa_request_stats stats = stats_of(request);
  EXPECT_GE(stats.started_us, 0);
  EXPECT_GE(stats.encoded_us, stats.started_us);
  EXPECT_GE(stats.first_token_us, stats.encoded_us);
  EXPECT_GE(stats.last_token_us, stats.first_token_us);
  EXPECT_GE(stats.finished_us, stats.last_token_us);
  EXPECT_EQ(300, stats.prompt_tokens);
  EXPECT_EQ(50, stats.answer_tokens);
}

TEST(EngineAnswer, input_may_change_once_submitted) {
  WalkEngine walk(kOneAtATime);
  const RequestHandle running = walk.submit_endless();
  RequestHandle waiting;
  {
    std::vector<int32_t> prompt{1, 2, 30};
    waiting = submit(walk.engine.get(), generate_params(prompt, 3));
    prompt.assign(3, 50);
  }
  gpa_request_cancel(running.get());
  EXPECT_EQ(walk_from(30, 3), answer_of(waiting));
}

TEST(EngineAnswer, first_come_first_served) {
  DoneLog log;
  {
    WalkEngine walk(kOneAtATime);
    const std::vector<int32_t> prompt{1};
    std::vector<RequestHandle> requests;
    for (uint64_t id = 0; id < 6; ++id) requests.push_back(submit(walk.engine.get(), generate_params(prompt, 20), DoneLog::call, &log, id));
    for (const RequestHandle& request : requests) EXPECT_EQ(GPA_OK, wait(request));
    walk.engine.reset();
  }
  EXPECT_EQ((std::vector<uint64_t>{0, 1, 2, 3, 4, 5}), log.ids());
}

// ---- waiting ----

TEST(EngineWait, time_over_is_no_end) {
  WalkEngine walk;
  const RequestHandle request = walk.submit_endless();
  for (int64_t timeout : {0, 1, 20}) {
    int32_t done = 5;
    EXPECT_EQ(GPA_OK, gpa_request_wait(request.get(), timeout, &done, nullptr));
    EXPECT_EQ(0, done);
  }
  gpa_request_cancel(request.get());
  int32_t done = 0;
  EXPECT_EQ(GPA_ERROR_CANCELLED, gpa_request_wait(request.get(), std::numeric_limits<int64_t>::max(), &done, nullptr));
  EXPECT_EQ(1, done);
}

TEST(EngineWait, says_every_time_how_it_ended) {
  WalkEngine walk;
  const std::vector<int32_t> prompt{1};
  const RequestHandle request = submit(walk.engine.get(), generate_params(prompt, 2));
  for (int64_t timeout : {-1, 0, 100}) {
    int32_t done = 0;
    EXPECT_EQ(GPA_OK, gpa_request_wait(request.get(), timeout, &done, nullptr));
    EXPECT_EQ(1, done);
  }
}

TEST(EngineWait, null_arguments_are_refused_by_name) {
  WalkEngine walk;
  const RequestHandle request = walk.submit_endless();
  gpa_error error;
  int32_t done = 0;
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_wait(nullptr, 0, &done, &error));
  EXPECT_STREQ("request is null", error.message);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_wait(request.get(), 0, nullptr, &error));
  EXPECT_STREQ("done is null", error.message);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_get_stats(request.get(), nullptr, &error));
  EXPECT_STREQ("stats is null", error.message);
  const int32_t* ids = nullptr;
  const float* pcm = nullptr;
  int64_t count = 0;
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_ids(nullptr, &ids, &count, &error));
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_ids(request.get(), nullptr, &count, nullptr));
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_ids(request.get(), &ids, nullptr, nullptr));
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_pcm(nullptr, &pcm, &count, nullptr));
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_pcm(request.get(), nullptr, &count, nullptr));
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_pcm(request.get(), &pcm, nullptr, nullptr));
}

TEST(EngineResult, is_refused_before_the_end) {
  WalkEngine walk;
  const RequestHandle request = walk.submit_endless();
  EXPECT_EQ("the request has not ended", result_refusal(request));
}

TEST(EngineResult, generated_answers_have_no_sound) {
  WalkEngine walk;
  const std::vector<int32_t> prompt{1};
  const RequestHandle request = submit(walk.engine.get(), generate_params(prompt, 2));
  EXPECT_EQ(GPA_OK, wait(request));
  const float* pcm = nullptr;
  int64_t samples = -1;
  EXPECT_EQ(GPA_OK, gpa_request_pcm(request.get(), &pcm, &samples, nullptr));
  EXPECT_EQ(0, samples);
}

// ---- cancelling ----

TEST(EngineCancel, running_request_ends_with_cancelled) {
  WalkEngine walk;
  const RequestHandle request = walk.submit_endless();
  wait_for_answer(request);
  gpa_request_cancel(request.get());
  gpa_error error;
  EXPECT_EQ(GPA_ERROR_CANCELLED, wait(request, &error));
  EXPECT_STREQ("cancelled", error.message);
  EXPECT_NE(std::string::npos, result_refusal(request).find("cancelled"));
  EXPECT_GT(stats_of(request).answer_tokens, 0);
  EXPECT_EQ(0, stats_of(request).stopped);
}

TEST(EngineCancel, waiting_request_ends_without_having_begun) {
  WalkEngine walk(kOneAtATime);
  const RequestHandle running = walk.submit_endless();
  const std::vector<int32_t> prompt{1};
  const RequestHandle first = submit(walk.engine.get(), generate_params(prompt, 5)), second = submit(walk.engine.get(), generate_params(prompt, 5));
  gpa_request_cancel(first.get());
  EXPECT_EQ(GPA_ERROR_CANCELLED, wait(first));
  EXPECT_EQ(-1, stats_of(first).started_us);
  EXPECT_GE(stats_of(first).finished_us, 0);
  int32_t done = 1;
  EXPECT_EQ(GPA_OK, gpa_request_wait(running.get(), 0, &done, nullptr));
  EXPECT_EQ(0, done) << "the running one goes on";
  gpa_request_cancel(running.get());
  EXPECT_EQ(walk_from(1, 5), answer_of(second));
}

TEST(EngineCancel, after_the_end_it_is_harmless) {
  WalkEngine walk;
  const std::vector<int32_t> prompt{1};
  const RequestHandle request = submit(walk.engine.get(), generate_params(prompt, 5));
  EXPECT_EQ(GPA_OK, wait(request));
  gpa_request_cancel(request.get());
  gpa_request_cancel(request.get());
  EXPECT_EQ(walk_from(1, 5), answer_of(request));
}

TEST(EngineCancel, others_go_on) {
  WalkEngine walk;
  const std::vector<int32_t> prompt{1};
  const RequestHandle cancelled = walk.submit_endless(), other = submit(walk.engine.get(), generate_params(prompt, 300));
  gpa_request_cancel(cancelled.get());
  EXPECT_EQ(GPA_ERROR_CANCELLED, wait(cancelled));
  EXPECT_EQ(walk_from(1, 300), answer_of(other));
}

// ---- freeing in any order ----

TEST(EngineFree, running_request_is_cancelled_and_the_engine_goes_on) {
  WalkEngine walk(kOneAtATime);
  RequestHandle running = walk.submit_endless(), waiting = walk.submit_endless();
  wait_for_answer(running);
  waiting.reset();
  running.reset();
  const std::vector<int32_t> prompt{4};
  EXPECT_EQ(walk_from(4, 3), answer_of(submit(walk.engine.get(), generate_params(prompt, 3))));
}

TEST(EngineFree, engine_before_its_requests) {
  WalkEngine walk(kOneAtATime);
  const std::vector<int32_t> prompt{4};
  const RequestHandle ended = submit(walk.engine.get(), generate_params(prompt, 3));
  EXPECT_EQ(GPA_OK, wait(ended));
  const RequestHandle running = walk.submit_endless(), waiting = walk.submit_endless();
  wait_for_answer(running);
  walk.engine.reset();
  gpa_error error;
  EXPECT_EQ(GPA_ERROR_CANCELLED, wait(running, &error));
  EXPECT_EQ(GPA_ERROR_CANCELLED, wait(waiting, &error));
  EXPECT_STREQ("the engine was closed", error.message);
  EXPECT_EQ(-1, stats_of(waiting).started_us);
  EXPECT_EQ(walk_from(4, 3), answer_of(ended)) << "results stay readable";
  gpa_request_cancel(running.get());
}

TEST(EngineFree, model_before_its_engine) {
  WalkEngine walk;
  walk.model.reset();
  const std::vector<int32_t> prompt{4};
  RequestHandle request = submit(walk.engine.get(), generate_params(prompt, 3));
  EXPECT_EQ(walk_from(4, 3), answer_of(request));
  walk.engine.reset();
  EXPECT_EQ(walk_from(4, 3), answer_of(request));
}

TEST(EngineFree, idle_engine_at_once) {
  for (int i = 0; i < 20; ++i) WalkEngine walk({1 + i % 3, 1, 1, 0, nullptr, GPA_PRECISION_EXACT});
}

TEST(EngineClose, later_requests_are_refused) {
  const TempFile file(walk_model());
  const std::shared_ptr<Engine> engine = Engine::create(Model::open(file.path(), false), {1, 1, 1, 0, nullptr, GPA_PRECISION_EXACT});
  engine->close();
  engine->close();
  const std::vector<int32_t> prompt{1};
  bool started = false;
  expect_failure(GPA_ERROR_INVALID_STATE, "closing", [&] {
    engine->submit(generate_params(prompt, 1), nullptr, nullptr, 0, [&](std::shared_ptr<Request>) { started = true; });
  });
  EXPECT_FALSE(started);
}

// ---- the callback ----

TEST(EngineDone, is_called_once_however_it_ends) {
  DoneLog log;
  WalkEngine walk({2, 2, 8, 0, nullptr, GPA_PRECISION_EXACT});
  const std::vector<int32_t> prompt{1};
  const RequestHandle good = submit(walk.engine.get(), generate_params(prompt, 4), DoneLog::call, &log, 1);
  EXPECT_EQ(GPA_OK, wait(good));
  RequestHandle cancelled = walk.submit_endless(DoneLog::call, &log, 2), freed = walk.submit_endless(DoneLog::call, &log, ~uint64_t{0});
  const RequestHandle waiting = walk.submit_endless(DoneLog::call, &log, 4);
  wait_for_answer(cancelled);
  gpa_request_cancel(waiting.get());
  EXPECT_EQ(GPA_ERROR_CANCELLED, wait(waiting));
  gpa_request_cancel(cancelled.get());
  EXPECT_EQ(GPA_ERROR_CANCELLED, wait(cancelled));
  freed.reset();
  const RequestHandle closed = walk.submit_endless(DoneLog::call, &log, 5);
  walk.engine.reset();
  EXPECT_EQ(GPA_ERROR_CANCELLED, wait(closed));
  std::map<uint64_t, int> calls;
  for (uint64_t id : log.ids()) ++calls[id];
  EXPECT_EQ((std::map<uint64_t, int>{{1, 1}, {2, 1}, {~uint64_t{0}, 1}, {4, 1}, {5, 1}}), calls);
}

TEST(EngineDone, is_not_called_for_what_was_refused) {
  DoneLog log;
  WalkEngine walk;
  gpa_request_params params = generate_params({}, 1);
  auto* request = reinterpret_cast<gpa_request*>(1);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_submit(walk.engine.get(), &params, DoneLog::call, &log, 1, &request, nullptr));
  EXPECT_EQ(nullptr, request);
  walk.engine.reset();
  EXPECT_TRUE(log.ids().empty());
}

// A chain: each end reads its answer, frees its request and submits the next, all on the engine's thread.
TEST(EngineDone, may_read_free_and_submit) {
  struct Chain {
    gpa_engine* engine;
    gpa_request* current = nullptr;
    std::vector<int32_t> prompt{10};
    std::vector<int32_t> answers{};
    std::atomic<int> left{5};

    void start() {
      const gpa_request_params params = generate_params(prompt, 2);
      gpa_error error;
      check(gpa_request_submit(engine, &params, call, this, 0, &current, &error), error);
    }
    static void call(void* user, uint64_t) {
      auto& self = *static_cast<Chain*>(user);
      const int32_t* ids = nullptr;
      int64_t count = 0;
      if (gpa_request_ids(self.current, &ids, &count, nullptr) == GPA_OK) self.answers.insert(self.answers.end(), ids, ids + count);
      gpa_request_free(self.current);
      self.prompt = {self.answers.back()};
      if (self.left > 1) self.start();
      --self.left;
    }
  };
  WalkEngine walk(kOneAtATime);
  Chain chain{walk.engine.get()};
  chain.start();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (chain.left > 0 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_EQ(0, chain.left);
  EXPECT_EQ(walk_from(10, 10), chain.answers);
}

// ---- the queue ----

TEST(EngineQueue, is_full_when_everything_runs_or_waits) {
  WalkEngine walk({1, 2, 1, 0, nullptr, GPA_PRECISION_EXACT});
  std::vector<RequestHandle> taken;
  for (int i = 0; i < 3; ++i) taken.push_back(walk.submit_endless());
  const std::vector<int32_t> prompt{1};
  const gpa_request_params params = generate_params(prompt, 1);
  for (int attempt = 0; attempt < 3; ++attempt) {
    auto* request = reinterpret_cast<gpa_request*>(1);
    gpa_error error;
    EXPECT_EQ(GPA_ERROR_CAPACITY, gpa_request_submit(walk.engine.get(), &params, nullptr, nullptr, 0, &request, &error));
    EXPECT_STREQ("the queue is full: 3 requests run or wait", error.message);
    EXPECT_EQ(nullptr, request);
  }
  gpa_request_cancel(taken[1].get());
  EXPECT_EQ(GPA_ERROR_CANCELLED, wait(taken[1]));
  // There is a place as soon as somebody can know of the end.
  const RequestHandle next = submit(walk.engine.get(), params);
  gpa_request_cancel(taken[0].get());
  gpa_request_cancel(taken[2].get());
  EXPECT_EQ(walk_from(1, 1), answer_of(next));
}

TEST(EngineQueue, many_threads_submit_cancel_and_free) {
  constexpr int kThreads = 4, kRounds = 40;
  DoneLog log;
  WalkEngine walk({2, 3, 1000, 0, nullptr, GPA_PRECISION_EXACT});
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const std::vector<int32_t> prompt(static_cast<size_t>(1 + round % 7), (t * 16 + round) % kWalkVocab);
        const bool endless = round % 4 == 3;
        const RequestHandle request = submit(walk.engine.get(), generate_params(prompt, endless ? 0 : 1 + round % 5), DoneLog::call, &log,
                                             static_cast<uint64_t>(t * kRounds + round));
        if (!endless) {
          EXPECT_EQ(walk_from(prompt.back(), 1 + round % 5), answer_of(request));
        } else if (round % 8 == 3) {
          gpa_request_cancel(request.get());
          EXPECT_EQ(GPA_ERROR_CANCELLED, wait(request));
        }  // otherwise it is freed as it runs
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  walk.engine.reset();
  std::vector<uint64_t> ids = log.ids(), want;
  std::sort(ids.begin(), ids.end());
  for (uint64_t id = 0; id < kThreads * kRounds; ++id) want.push_back(id);
  EXPECT_EQ(want, ids);
}

// ---- failures ----

// Ids from 32 on have broken rows in the head: who may not answer with them does not see that.
TEST(EngineFailure, stays_with_its_request) {
  std::vector<float> head = walk_head();
  head[50 * kWalkVocab] = std::numeric_limits<float>::quiet_NaN();
  const auto bytes = walk_model(head, [](GgufBuilder& file) { file.value("gpa.tokens.text_count", 32u); });
  WalkEngine walk({2, 4, 8, 0, nullptr, GPA_PRECISION_EXACT}, bytes);
  const std::vector<int32_t> prompt{3};
  gpa_request_params text = generate_params(prompt, 20);
  text.allowed = GPA_ALLOWED_TEXT;
  std::vector<RequestHandle> good, bad;
  for (int i = 0; i < 3; ++i) {
    good.push_back(submit(walk.engine.get(), text));
    bad.push_back(submit(walk.engine.get(), generate_params(prompt, 20)));
  }
  for (const RequestHandle& request : bad) {
    gpa_error error;
    EXPECT_EQ(GPA_ERROR_INTERNAL, wait(request, &error));
    EXPECT_NE(nullptr, std::strstr(error.message, "a logit is not a finite number")) << error.message;
    EXPECT_NE(std::string::npos, result_refusal(request).find("a logit is not a finite number"));
  }
  for (const RequestHandle& request : good) EXPECT_EQ(walk_from(3, 20), answer_of(request));
}

// ---- parameters ----

TEST(EngineParams, out_of_range_are_refused_by_name) {
  const TempFile file(walk_model());
  const ModelHandle model = open_model(file.path());
  const auto refused = [&](gpa_status status, const std::string& part, const gpa_engine_params& params) {
    auto* engine = reinterpret_cast<gpa_engine*>(1);
    gpa_error error;
    EXPECT_EQ(status, gpa_engine_create(model.get(), &params, &engine, &error));
    EXPECT_NE(nullptr, std::strstr(error.message, part.c_str())) << error.message;
    EXPECT_EQ(nullptr, engine);
  };
  for (int32_t bad : {-1, 1025, std::numeric_limits<int32_t>::min()}) {
    refused(GPA_ERROR_INVALID_ARGUMENT, "threads is " + std::to_string(bad), {bad, 0, 0, 0, nullptr, GPA_PRECISION_EXACT});
    refused(GPA_ERROR_INVALID_ARGUMENT, "max_concurrency is " + std::to_string(bad), {1, bad, 0, 0, nullptr, GPA_PRECISION_EXACT});
  }
  for (int32_t bad : {-1, (1 << 20) + 1}) refused(GPA_ERROR_INVALID_ARGUMENT, "max_queue is " + std::to_string(bad), {1, 1, bad, 0, nullptr, GPA_PRECISION_EXACT});
  for (int32_t bad : {-1, static_cast<int32_t>(kWalkContext) + 1}) {
    refused(GPA_ERROR_INVALID_ARGUMENT, "context_tokens is " + std::to_string(bad), {1, 1, 1, bad, nullptr, GPA_PRECISION_EXACT});
  }
  gpa_engine_params rounding{1, 1, 1, 0, nullptr, GPA_PRECISION_EXACT};
  const int32_t unknown = 7;
  std::memcpy(&rounding.precision, &unknown, sizeof unknown);
  refused(GPA_ERROR_INVALID_ARGUMENT, "precision is 7", rounding);
  for (const char* bad : {"", "CPU", "cuda", "a device of a name so long that nobody wants to read all of it in a message"}) {
    refused(GPA_ERROR_DEVICE, "device '", {1, 1, 1, 0, bad, GPA_PRECISION_EXACT});
  }
}

TEST(EngineParams, limits_and_defaults_are_taken) {
  const TempFile file(walk_model());
  const ModelHandle model = open_model(file.path());
  const std::vector<int32_t> prompt{1};
  for (const gpa_engine_params& params : {gpa_engine_params{}, gpa_engine_params{3, 1024, 1 << 20, static_cast<int32_t>(kWalkContext), "cpu", GPA_PRECISION_EXACT},
                                          gpa_engine_params{1, 1, 1, 2, "cpu", GPA_PRECISION_EXACT}}) {
    const EngineHandle engine = create_engine(model.get(), params);
    EXPECT_EQ(walk_from(1, 1), answer_of(submit(engine.get(), generate_params(prompt, 1))));
  }
}

TEST(EngineParams, null_arguments_are_refused_by_name) {
  const TempFile file(walk_model());
  const ModelHandle model = open_model(file.path());
  const gpa_engine_params params{1, 1, 1, 0, nullptr, GPA_PRECISION_EXACT};
  gpa_engine* engine = nullptr;
  gpa_error error;
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_engine_create(nullptr, &params, &engine, &error));
  EXPECT_STREQ("model is null", error.message);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_engine_create(model.get(), nullptr, &engine, &error));
  EXPECT_STREQ("params is null", error.message);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_engine_create(model.get(), &params, nullptr, &error));
  EXPECT_STREQ("engine is null", error.message);
  WalkEngine walk;
  gpa_request* request = nullptr;
  const gpa_request_params task = request_params(GPA_TASK_GENERATE);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_submit(walk.engine.get(), nullptr, nullptr, nullptr, 0, &request, &error));
  EXPECT_STREQ("params is null", error.message);
  EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_submit(walk.engine.get(), &task, nullptr, nullptr, 0, nullptr, &error));
  EXPECT_STREQ("request is null", error.message);
}

TEST(EngineIsa, the_environment_forces_one_or_fails) {
  const TempFile file(walk_model());
  const ModelHandle model = open_model(file.path());
  const char* set = std::getenv("GPA_ISA");
  const std::string before = set ? set : "";
  for (int32_t i = 0; const char* name = gpa_isa_name(i); ++i) {
    setenv("GPA_ISA", name, 1);
    EXPECT_STREQ(name, gpa_engine_isa(create_engine(model.get(), {1, 1, 1, 0, nullptr, GPA_PRECISION_EXACT}).get()));
  }
  setenv("GPA_ISA", "avx1024", 1);
  const gpa_engine_params params{1, 1, 1, 0, nullptr, GPA_PRECISION_EXACT};
  gpa_engine* engine = nullptr;
  gpa_error error;
  EXPECT_EQ(GPA_ERROR_DEVICE, gpa_engine_create(model.get(), &params, &engine, &error));
  EXPECT_NE(nullptr, std::strstr(error.message, "GPA_ISA is 'avx1024'")) << error.message;
  EXPECT_NE(nullptr, std::strstr(error.message, "reference")) << error.message;
  set ? setenv("GPA_ISA", before.c_str(), 1) : unsetenv("GPA_ISA");
}

}  // namespace
}  // namespace gpa::test
