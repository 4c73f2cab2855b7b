// Speech that streams out of the engine, over the C interface, on the golden model: the same samples as the whole result, and
// consumers that are slow, stop, or go away.
#include <atomic>
#include <cmath>
#include <cstring>
#include <future>
#include <mutex>

#include "engine/golden_prompts.h"
#include "engine/walk_engine.h"

namespace gpa::test {
namespace {

constexpr int32_t kExact = 1000;  // tokens of look-ahead: more than there are

// Gathers chunks. The `stop_at`-th call, from 1, answers "stop"; each call waits for the gate first, if there is one.
struct Consumer {
  std::vector<float> pcm{};
  std::vector<int64_t> sizes{};
  int stop_at = 0;
  std::shared_future<void> gate{};
  std::atomic<int> calls{0};
  std::atomic<bool> inside{false}, done_inside{false};

  static int32_t take(void* user, uint64_t, const float* pcm, int64_t samples) {
    auto& self = *static_cast<Consumer*>(user);
    self.inside = true;
    const int call = ++self.calls;
    if (self.gate.valid()) self.gate.wait();
    self.pcm.insert(self.pcm.end(), pcm, pcm + samples);
    self.sizes.push_back(samples);
    self.inside = false;
    return call == self.stop_at;
  }
  static void done(void* user, uint64_t) {
    auto& self = *static_cast<Consumer*>(user);
    self.done_inside = self.inside.load();
  }
  void wait_for_call() const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (calls == 0 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_GT(calls, 0);
  }
};

class Streams : public testing::Test {
 protected:
  const ModelHandle model_ = open_model(golden_model().path());
  EngineHandle engine_ = create_engine(model_.get(), {2, 4, 0, 0, nullptr, GPA_PRECISION_EXACT});
  const std::vector<int32_t> text_{10, 20, 30}, voice_ = std::vector<int32_t>(GPA_VOICE_TOKENS, 7);

  gpa_request_params speak(uint64_t seed, int32_t tokens = 150) const {
    gpa_request_params params = request_params(GPA_TASK_SPEAK);
    params.ids = text_.data();
    params.id_count = static_cast<int64_t>(text_.size());
    params.voice = voice_.data();
    params.sampling = {1, 0, 1, 1, seed};
    params.max_tokens = tokens;
    return params;
  }
  gpa_request_params stream(uint64_t seed, int32_t look_ahead = 0, int32_t tokens = 150) const {
    gpa_request_params params = speak(seed, tokens);
    params.chunk = Consumer::take;
    params.stream.look_ahead_tokens = look_ahead;
    return params;
  }
  // A seed whose answer has more than 200 tokens.
  uint64_t long_seed() const {
    uint64_t seed = 1;
    while (answer_of(submit(engine_.get(), speak(seed, 400))).size() <= 200) ++seed;
    return seed;
  }
  RequestHandle start(const gpa_request_params& params, Consumer& consumer) const {
    return submit(engine_.get(), params, Consumer::done, &consumer);
  }
  std::vector<float> whole(const gpa_request_params& params) const {
    const RequestHandle request = submit(engine_.get(), params);
    answer_of(request);
    const float* pcm = nullptr;
    int64_t samples = 0;
    gpa_error error;
    check(gpa_request_pcm(request.get(), &pcm, &samples, &error), error);
    return {pcm, pcm + samples};
  }
};

std::vector<float> without_mean(std::vector<float> pcm) {
  double sum = 0;
  for (float sample : pcm) sum += sample;
  const auto mean = static_cast<float>(sum / static_cast<double>(pcm.size()));
  for (float& sample : pcm) sample -= mean;
  return pcm;
}

TEST_F(Streams, full_look_ahead_gives_the_samples_of_the_whole_result) {
  for (uint64_t seed : {1, 2, 3}) {
    Consumer consumer;
    const RequestHandle request = start(stream(seed, kExact), consumer);
    EXPECT_EQ(answer_of(submit(engine_.get(), speak(seed))), answer_of(request));
    EXPECT_EQ(whole(speak(seed)), without_mean(consumer.pcm));
    EXPECT_FALSE(consumer.done_inside);
    const float* pcm = nullptr;
    int64_t samples = -1;
    EXPECT_EQ(GPA_OK, gpa_request_pcm(request.get(), &pcm, &samples, nullptr));
    EXPECT_EQ(0, samples);
  }
}

TEST_F(Streams, samples_do_not_depend_on_the_chunks_nor_on_company) {
  Consumer first;
  answer_of(start(stream(4, 28), first));
  const gpa_stream_params cuts[] = {{28, 1, 1, 1}, {28, 7, 3, 0}, {28, 300, 1000, 16}, {28, 2, 100, 3}};
  std::vector<RequestHandle> requests;
  Consumer others[4];
  for (int i = 0; i < 4; ++i) {
    gpa_request_params params = stream(4);
    params.stream = cuts[i];
    requests.push_back(start(params, others[i]));
  }
  for (int i = 0; i < 4; ++i) {
    answer_of(requests[static_cast<size_t>(i)]);
    EXPECT_EQ(first.pcm, others[i].pcm) << i;
  }
  EXPECT_GT(others[0].sizes.size(), first.sizes.size());
  EXPECT_NE(whole(speak(4)), without_mean(first.pcm)) << "28 tokens are less than all";
}

TEST_F(Streams, default_look_ahead_is_all_but_on_the_cpu) {
  Consumer consumer;
  answer_of(start(stream(4, 0, 60), consumer));
  const bool all = whole(speak(4, 60)) == without_mean(consumer.pcm);
  EXPECT_EQ(std::string(gpa_engine_device(engine_.get())) != "cpu", all);
}

TEST_F(Streams, chunks_grow_from_the_first_to_the_largest) {
  Consumer consumer;
  const RequestHandle request = start(stream(long_seed(), 0, 400), consumer);
  const auto tokens = static_cast<int64_t>(answer_of(request).size());
  // Frames come in groups of 8 tokens, so chunks may be so much longer.
  EXPECT_GE(consumer.sizes[0], 10 * 320);
  EXPECT_LE(consumer.sizes[0], 18 * 320);
  EXPECT_GT(consumer.sizes[1], consumer.sizes[0]);
  for (size_t i = 0; i + 1 < consumer.sizes.size(); ++i) EXPECT_LE(consumer.sizes[i], 58 * 320) << i;
  EXPECT_LE(consumer.sizes.back(), (58 + 28) * 320) << "the end has the look-ahead beside it";
  EXPECT_EQ(static_cast<size_t>(tokens) * 320, consumer.pcm.size());
  const gpa_request_stats stats = stats_of(request);
  EXPECT_GT(stats.first_audio_us, stats.first_token_us);
  EXPECT_LT(stats.first_audio_us, stats.last_token_us) << "speech comes while the answer is made";
  EXPECT_LE(stats.last_token_us, stats.finished_us);
}

TEST_F(Streams, short_answers_come_whole) {
  for (int32_t tokens : {1, 2, 5, 34}) {
    Consumer consumer;
    EXPECT_EQ(static_cast<size_t>(tokens), answer_of(start(stream(6, 0, tokens), consumer)).size());
    EXPECT_EQ(static_cast<size_t>(tokens) * 320, consumer.pcm.size());
  }
}

TEST_F(Streams, consumer_that_stops_ends_its_own_request_only) {
  const std::vector<float> want = whole(speak(8));
  for (int stop_at : {1, 2, 3}) {
    Consumer stopping, other;
    stopping.stop_at = stop_at;
    const RequestHandle stopped = start(stream(7), stopping), going = start(stream(8, kExact), other);
    EXPECT_EQ(GPA_ERROR_CANCELLED, wait(stopped));
    EXPECT_EQ(stop_at, stopping.calls);
    answer_of(going);
    EXPECT_EQ(want, without_mean(other.pcm));
  }
}

TEST_F(Streams, slow_consumer_holds_up_nobody_and_loses_nothing) {
  std::promise<void> gate;
  Consumer slow, quick;
  slow.gate = gate.get_future().share();
  const uint64_t seed = long_seed();
  gpa_request_params params = stream(seed, kExact, 400);
  params.stream.max_chunk_tokens = 8;
  const RequestHandle waiting = start(params, slow);
  slow.wait_for_call();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(answer_of(start(stream(10), quick)), answer_of(submit(engine_.get(), speak(10))));
  }
  int32_t done = 1;
  EXPECT_EQ(GPA_OK, gpa_request_wait(waiting.get(), 0, &done, nullptr));
  EXPECT_EQ(0, done);
  EXPECT_EQ(1, slow.calls);
  gate.set_value();
  answer_of(waiting);
  EXPECT_EQ(whole(speak(seed, 400)), without_mean(slow.pcm));
  for (size_t i = 0; i + 1 < slow.sizes.size(); ++i) EXPECT_LE(slow.sizes[i], 10 * 320) << i;
}

TEST_F(Streams, cancelling_frees_the_place_though_the_consumer_hangs) {
  engine_ = create_engine(model_.get(), {1, 1, 8, 0, nullptr, GPA_PRECISION_EXACT});
  std::promise<void> gate;
  Consumer hanging;
  hanging.gate = gate.get_future().share();
  const RequestHandle request = start(stream(11, 0, 2000), hanging);
  hanging.wait_for_call();
  gpa_request_cancel(request.get());
  EXPECT_EQ(5u, answer_of(submit(engine_.get(), speak(12, 5))).size());
  int32_t done = 1;
  EXPECT_EQ(GPA_OK, gpa_request_wait(request.get(), 0, &done, nullptr));
  EXPECT_EQ(0, done) << "it ends when no call is running";
  gate.set_value();
  EXPECT_EQ(GPA_ERROR_CANCELLED, wait(request));
  EXPECT_EQ(1, hanging.calls);
}

TEST_F(Streams, freeing_engine_or_request_ends_the_stream) {
  for (int round = 0; round < 20; ++round) {
    const EngineHandle engine = create_engine(model_.get(), {2, 4, 8, 0, nullptr, GPA_PRECISION_EXACT});
    Consumer consumers[8];
    std::vector<RequestHandle> requests;
    for (Consumer& consumer : consumers) requests.push_back(submit(engine.get(), stream(13, 10, 60), Consumer::done, &consumer));
    std::this_thread::sleep_for(std::chrono::milliseconds(3 * round));
    if (round % 2 == 0) requests.clear();
  }
}

TEST_F(Streams, bad_arguments_are_refused_by_name) {
  const auto refusal = [&](const gpa_request_params& params) {
    gpa_request* request = nullptr;
    gpa_error error;
    EXPECT_EQ(GPA_ERROR_INVALID_ARGUMENT, gpa_request_submit(engine_.get(), &params, nullptr, nullptr, 0, &request, &error));
    return std::string(error.message);
  };
  gpa_request_params params = stream(1);
  params.stream.look_ahead_tokens = -1;
  EXPECT_NE(std::string::npos, refusal(params).find("look_ahead_tokens is -1"));
  params = stream(1);
  params.stream.first_chunk_tokens = -2;
  EXPECT_NE(std::string::npos, refusal(params).find("first_chunk_tokens is -2"));
  params = stream(1);
  params.stream.max_chunk_tokens = -3;
  EXPECT_NE(std::string::npos, refusal(params).find("max_chunk_tokens is -3"));
  for (float growth : {0.5f, 17.0f, -1.0f, NAN}) {
    params = stream(1);
    params.stream.chunk_growth = growth;
    EXPECT_NE(std::string::npos, refusal(params).find("chunk_growth"));
  }
  const std::vector<int32_t> prompt{1};
  params = generate_params(prompt, 1);
  params.chunk = Consumer::take;
  EXPECT_NE(std::string::npos, refusal(params).find("makes no speech"));
}

}  // namespace
}  // namespace gpa::test
