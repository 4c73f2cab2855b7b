// Chunks on their way to a callback: order, bound, and every way to end.
#include "engine/delivery.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <numeric>
#include <set>

#include "engine/support.h"
#include "error.h"
#include "gpa/kernels/thread_pool.h"

namespace gpa::test {
namespace {

struct Taker {
  std::promise<void> gate{};
  std::shared_future<void> open = gate.get_future().share();
  std::vector<float> taken{};
  std::set<const float*> buffers{};
  float stop_at = -1;

  static int32_t take(void* user, uint64_t id, const float* pcm, int64_t samples) {
    auto& self = *static_cast<Taker*>(user);
    self.open.wait();
    EXPECT_EQ(9u, id);
    self.buffers.insert(pcm);
    self.taken.insert(self.taken.end(), pcm, pcm + samples);
    return pcm[0] == self.stop_at;
  }
  std::shared_ptr<Request> request() {
    RequestInput input{};
    input.chunk = take;
    return std::make_shared<Request>(input, nullptr, this, 9);
  }
};

constexpr int64_t kMostSamples = 2;
ThreadPool host(1);

void give(Delivery& delivery, const std::vector<float>& chunk) {
  const auto samples = static_cast<int64_t>(chunk.size());
  std::copy(chunk.begin(), chunk.end(), delivery.room(samples));
  delivery.give(samples);
}

struct End {
  std::atomic<int> calls{0};
  Failure failure;

  Delivery::End call() {
    return [this](Request&, Failure how, RequestResult) {
      failure = std::move(how);
      ++calls;
    };
  }
};

TEST(Delivery, hands_over_everything_in_order_and_is_full_meanwhile) {
  Taker taker;
  End end;
  {
    Delivery delivery(taker.request(), host, kMostSamples, end.call());
    EXPECT_FALSE(delivery.full());
    give(delivery, {1, 2});
    // The first chunk may be in the callback already, or still wait.
    float next = 3;
    while (!delivery.full()) give(delivery, {next++});
    taker.gate.set_value();
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (next < 40 && std::chrono::steady_clock::now() < limit) {
      if (!delivery.full()) give(delivery, {next++});
    }
    EXPECT_EQ(0, end.calls);
    delivery.close({}, {});
  }
  std::vector<float> expected(39);
  std::iota(expected.begin(), expected.end(), 1.0f);
  EXPECT_EQ(expected, taker.taken);
  EXPECT_LE(taker.buffers.size(), 3u);
  EXPECT_EQ(1, end.calls);
  EXPECT_EQ(GPA_OK, end.failure.code);
}

TEST(Delivery, chunk_longer_than_said_is_refused) {
  Taker taker;
  taker.gate.set_value();
  End end;
  Delivery delivery(taker.request(), host, kMostSamples, end.call());
  EXPECT_THROW(give(delivery, {1, 2, 3}), Error);
  delivery.close({}, {});
}

TEST(Delivery, failure_drops_what_waits) {
  Taker taker;
  End end;
  {
    Delivery delivery(taker.request(), host, kMostSamples, end.call());
    for (float sample : {1.0f, 2.0f, 3.0f}) give(delivery, {sample});
    delivery.close({GPA_ERROR_INTERNAL, "broken"}, {});
    taker.gate.set_value();
  }
  EXPECT_LE(taker.taken.size(), 1u);
  EXPECT_EQ(1, end.calls);
  EXPECT_EQ("broken", end.failure.message);
}

TEST(Delivery, taker_that_stops_is_told_and_gets_no_more) {
  Taker taker;
  taker.stop_at = 2;
  End end;
  {
    Delivery delivery(taker.request(), host, kMostSamples, end.call());
    for (float sample : {1.0f, 2.0f, 3.0f}) give(delivery, {sample});
    taker.gate.set_value();
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!delivery.stopped() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    EXPECT_TRUE(delivery.stopped());
    delivery.close({}, {});
  }
  EXPECT_EQ((std::vector<float>{1, 2}), taker.taken);
  EXPECT_EQ(GPA_ERROR_CANCELLED, end.failure.code);
}

TEST(Delivery, cancelled_request_gets_no_more) {
  Taker taker;
  End end;
  {
    const auto request = taker.request();
    Delivery delivery(request, host, kMostSamples, end.call());
    request->cancel();
    for (float sample : {1.0f, 2.0f, 3.0f}) give(delivery, {sample});
    taker.gate.set_value();
    delivery.close({}, {});
  }
  EXPECT_TRUE(taker.taken.empty());
  EXPECT_EQ(GPA_ERROR_CANCELLED, end.failure.code);
}

}  // namespace
}  // namespace gpa::test
