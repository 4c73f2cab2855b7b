// Chunks on their way to a callback: order, bound, and every way to end.
#include "engine/delivery.h"

#include <atomic>
#include <future>

#include "engine/support.h"

namespace gpa::test {
namespace {

struct Taker {
  std::promise<void> gate{};
  std::shared_future<void> open = gate.get_future().share();
  std::vector<float> taken{};
  float stop_at = -1;

  static int32_t take(void* user, uint64_t id, const float* pcm, int64_t samples) {
    auto& self = *static_cast<Taker*>(user);
    self.open.wait();
    EXPECT_EQ(9u, id);
    self.taken.insert(self.taken.end(), pcm, pcm + samples);
    return pcm[0] == self.stop_at;
  }
  std::shared_ptr<Request> request() {
    RequestInput input{};
    input.chunk = take;
    return std::make_shared<Request>(input, nullptr, this, 9);
  }
};

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
    Delivery delivery(taker.request(), end.call());
    EXPECT_FALSE(delivery.full());
    delivery.give({1, 2});
    // The first chunk may be in the callback already, or still wait.
    for (float sample : {3.0f, 4.0f, 5.0f}) delivery.give({sample});
    EXPECT_TRUE(delivery.full());
    taker.gate.set_value();
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (delivery.full() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    EXPECT_FALSE(delivery.full());
    EXPECT_EQ(0, end.calls);
    delivery.close({}, {});
  }
  EXPECT_EQ((std::vector<float>{1, 2, 3, 4, 5}), taker.taken);
  EXPECT_EQ(1, end.calls);
  EXPECT_EQ(GPA_OK, end.failure.code);
}

TEST(Delivery, failure_drops_what_waits) {
  Taker taker;
  End end;
  {
    Delivery delivery(taker.request(), end.call());
    for (float sample : {1.0f, 2.0f, 3.0f}) delivery.give({sample});
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
    Delivery delivery(taker.request(), end.call());
    for (float sample : {1.0f, 2.0f, 3.0f}) delivery.give({sample});
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
    Delivery delivery(request, end.call());
    request->cancel();
    for (float sample : {1.0f, 2.0f, 3.0f}) delivery.give({sample});
    taker.gate.set_value();
    delivery.close({}, {});
  }
  EXPECT_TRUE(taker.taken.empty());
  EXPECT_EQ(GPA_ERROR_CANCELLED, end.failure.code);
}

}  // namespace
}  // namespace gpa::test
