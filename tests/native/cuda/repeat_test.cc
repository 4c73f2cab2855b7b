// Work that a queue repeats: called, captured, and then given again without a call.
#include <stdexcept>

#include "device.h"

namespace gpa::test {
namespace {

// y += step, as often as it is given; counts its calls.
struct Adding {
  Queue& queue;
  const KernelTable& kernels;
  float* y;
  const float* step;
  int64_t cols;
  int calls = 0;
  bool fails = false;

  void give() {
    calls += 1;
    kernels.affine(queue, {y, 1, cols, nullptr, nullptr, step, y});
    if (fails) throw std::runtime_error("stopped");
  }
  void repeat(int64_t key) {
    queue.repeat(&key, 1, [](void* self) { static_cast<Adding*>(self)->give(); }, this);
  }
};

struct Subject {
  explicit Subject(int64_t cols)
      : queue(device().make_queue(1)), side(*queue, device().kernels()),
        adding{*queue, device().kernels(), side.array(Floats(static_cast<size_t>(cols), 0.0f)), side.array(Floats(static_cast<size_t>(cols), 1.0f)), cols} {}
  float sum() { return side.get(adding.y, 1)[0]; }

  std::unique_ptr<Queue> queue;
  Side side;
  Adding adding;
};

TEST(CudaRepeat, callsTwiceAndThenNoMore) {
  Subject s(70);
  for (int i = 1; i <= 20; ++i) {
    s.adding.repeat(1);
    ASSERT_EQ(static_cast<float>(i), s.sum());
  }
  EXPECT_EQ(2, s.adding.calls);
}

TEST(CudaRepeat, keysAreKeptApart) {
  Subject s(5);
  for (int64_t round = 0; round < 4; ++round)
    for (int64_t key = 0; key < 400; ++key) s.adding.repeat(key);  // more than are kept
  EXPECT_EQ(1600.0f, s.sum());
  EXPECT_GT(s.adding.calls, 800);
}

TEST(CudaRepeat, failureInACaptureIsTheCallers_andNothingWasGiven) {
  Subject s(5);
  s.adding.repeat(1);
  s.adding.fails = true;
  EXPECT_THROW(s.adding.repeat(1), std::runtime_error);
  EXPECT_EQ(1.0f, s.sum());
  s.adding.fails = false;
  for (int i = 0; i < 3; ++i) s.adding.repeat(1);
  EXPECT_EQ(4.0f, s.sum());
}

// Scratch memory that grows moves: what was captured with the old one must not be given again.
TEST(CudaRepeat, grownScratchMemoryEndsWhatWasKept) {
  Subject s(5);
  const auto weights = random_weights(DType::kQ8_0, 32, 32, 1);
  const Weight w = s.side.weight(weights);
  struct Product {
    Queue& queue;
    const KernelTable& kernels;
    LinearArgs args;
    void repeat() {
      const int64_t key = 7;
      queue.repeat(&key, 1, [](void* self) { static_cast<Product*>(self)->give(); }, this);
    }
    void give() { kernels.linear(queue, args); }
  };
  const Floats x = random_floats(32, 2);
  Product small{*s.queue, device().kernels(), {s.side.array(x), 1, w, {}, s.side.floats(32), Rounding::kInt8}};
  small.repeat();
  const auto want = s.side.get(small.args.y, 32);
  small.repeat();
  const int64_t rows = 3000;
  const LinearArgs large{s.side.array(random_floats(rows * 32, 3)), rows, w, {}, s.side.floats(rows * 32), Rounding::kInt8};
  device().kernels().linear(*s.queue, large);
  for (int i = 0; i < 3; ++i) {
    s.queue->upload(small.args.y, Floats(32, NAN).data(), 32 * sizeof(float));
    small.repeat();
    EXPECT_EQ(want, s.side.get(small.args.y, 32));
  }
}

}  // namespace
}  // namespace gpa::test
