// A request apart from the engine: waiting, ending once, results, times.
#include "engine/request.h"

#include <chrono>
#include <limits>
#include <thread>

#include "engine/support.h"

namespace gpa::test {
namespace {

struct Done {
  std::vector<uint64_t> ids;
  static void call(void* user, uint64_t id) { static_cast<Done*>(user)->ids.push_back(id); }
};

TEST(Request, begins_unended_without_result) {
  Request request({}, nullptr, nullptr, 0);
  EXPECT_FALSE(request.ended());
  EXPECT_FALSE(request.cancelled());
  EXPECT_EQ(nullptr, request.result());
  EXPECT_EQ(GPA_OK, request.outcome().code);
  const gpa_request_stats stats = request.stats();
  for (int64_t time : {stats.started_us, stats.encoded_us, stats.first_token_us, stats.last_token_us, stats.finished_us}) EXPECT_EQ(-1, time);
  EXPECT_EQ(0, stats.prompt_tokens);
}

TEST(Request, wait_gives_up_when_the_time_is_over) {
  Request request({}, nullptr, nullptr, 0);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(request.wait(0));
  EXPECT_FALSE(request.wait(30));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
}

TEST(Request, wait_of_any_length_wakes_up_at_the_end) {
  for (int64_t timeout : {int64_t{-1}, std::numeric_limits<int64_t>::min(), int64_t{60000}, std::numeric_limits<int64_t>::max()}) {
    Request request({}, nullptr, nullptr, 0);
    std::thread engine([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      request.finish({}, {});
    });
    EXPECT_TRUE(request.wait(timeout)) << timeout;
    engine.join();
    EXPECT_TRUE(request.wait(0));
  }
}

TEST(Request, everyone_who_waits_wakes_up) {
  Request request({}, nullptr, nullptr, 0);
  std::vector<std::thread> waiting;
  for (int i = 0; i < 4; ++i) waiting.emplace_back([&] { EXPECT_TRUE(request.wait(-1)); });
  request.finish({}, {});
  for (std::thread& thread : waiting) thread.join();
}

TEST(Request, good_end_has_a_result_and_tells_once) {
  Done done;
  Request request({}, Done::call, &done, 99);
  request.finish({}, {{1, 2}, {0.5f}});
  EXPECT_EQ((std::vector<uint64_t>{99}), done.ids);
  ASSERT_NE(nullptr, request.result());
  EXPECT_EQ((std::vector<int32_t>{1, 2}), request.result()->ids);
  EXPECT_EQ((std::vector<float>{0.5f}), request.result()->pcm);
  EXPECT_GE(request.stats().finished_us, 0);
}

TEST(Request, bad_end_has_none) {
  Done done;
  Request request({}, Done::call, &done, 5);
  request.finish({GPA_ERROR_AUDIO, "no sound"}, {{1}, {}});
  EXPECT_TRUE(request.ended());
  EXPECT_EQ(nullptr, request.result());
  EXPECT_EQ(GPA_ERROR_AUDIO, request.outcome().code);
  EXPECT_EQ("no sound", request.outcome().message);
  EXPECT_EQ(1u, done.ids.size());
}

TEST(Request, done_may_ask_for_everything) {
  struct Asker {
    Request* request = nullptr;
    bool good = false;
    static void call(void* user, uint64_t) {
      auto& self = *static_cast<Asker*>(user);
      self.request->cancel();
      self.good = self.request->ended() && self.request->wait(-1) && self.request->result() && self.request->stats().finished_us >= 0;
    }
  } asker;
  Request request({}, Asker::call, &asker, 0);
  asker.request = &request;
  request.finish({}, {});
  EXPECT_TRUE(asker.good);
}

TEST(Request, stamps_and_counts_are_kept) {
  Request request({}, nullptr, nullptr, 0);
  request.stamp(&gpa_request_stats::started_us);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  request.stamp(&gpa_request_stats::first_token_us);
  request.set_counts(10, 3, true);
  const gpa_request_stats stats = request.stats();
  EXPECT_GE(stats.started_us, 0);
  EXPECT_GE(stats.first_token_us, stats.started_us + 2000);
  EXPECT_EQ(-1, stats.encoded_us);
  EXPECT_EQ(10, stats.prompt_tokens);
  EXPECT_EQ(3, stats.answer_tokens);
  EXPECT_EQ(1, stats.stopped);
}

}  // namespace
}  // namespace gpa::test
