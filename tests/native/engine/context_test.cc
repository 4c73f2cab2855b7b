// Activation memory and the observer of a pass.
#include "layers/context.h"

#include <cstring>
#include <limits>

#include "engine/support.h"
#include "networks/golden_model.h"

namespace gpa::test {
namespace {

TEST(Arena, memory_is_aligned_and_apart) {
  ThreadPool queue(1);
  Arena arena(queue);
  char* end = nullptr;
  for (int64_t floats : {1, 3, 16, 17, 1000}) {
    const Matrix m = arena.matrix(1, floats);
    EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(m.data) % 64);
    std::memset(m.data, 1, static_cast<size_t>(floats) * sizeof(float));
    if (end) {
      EXPECT_GE(reinterpret_cast<char*>(m.data), end);
    }
    end = reinterpret_cast<char*>(m.data + floats);
  }
}

TEST(Arena, scope_gives_memory_back) {
  ThreadPool queue(1);
  Arena arena(queue);
  arena.matrix(1, 10);
  float* inner = nullptr;
  {
    Arena::Scope scope(arena);
    inner = arena.matrix(2, 7).data;
    arena.ints(99);
  }
  EXPECT_EQ(inner, arena.matrix(1, 1).data);
}

TEST(Arena, what_outgrows_a_block_stays_valid_and_is_used_again) {
  ThreadPool queue(1);
  Arena arena(queue);
  const Matrix small = arena.matrix(1, 100);
  for (int64_t i = 0; i < 100; ++i) small.data[i] = static_cast<float>(i);
  float* big[2] = {};
  for (float*& memory : big) {
    Arena::Scope scope(arena);
    memory = arena.matrix(4096, 4096).data;
    memory[0] = memory[4096 * 4096 - 1] = 5;
    Arena::Scope inner(arena);
    arena.matrix(4096, 2048).data[4096 * 2048 - 1] = 6;
  }
  EXPECT_EQ(big[0], big[1]);
  for (int64_t i = 0; i < 100; ++i) ASSERT_EQ(static_cast<float>(i), small.data[i]);
}

TEST(Arena, larger_memory_after_a_scope_replaces_the_smaller) {
  ThreadPool queue(1);
  Arena arena(queue);
  arena.matrix(1, 1);
  for (int64_t rows = 1024; rows <= 8192; rows *= 2) {
    Arena::Scope scope(arena);
    const Matrix m = arena.matrix(rows, 2048);
    m.data[rows * 2048 - 1] = 1;
  }
}

TEST(Arena, nothing_has_an_address_too) {
  ThreadPool queue(1);
  EXPECT_NE(nullptr, Arena(queue).matrix(0, 5).data);
}

TEST(Arena, impossible_sizes_are_out_of_memory) {
  ThreadPool queue(1);
  Arena arena(queue);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const std::pair<int64_t, int64_t> sizes[] = {{kMost, kMost}, {kMost, 1}, {int64_t{1} << 40, 1024}, {-1, 5}, {5, -1}};
  for (const auto& [rows, cols] : sizes) {
    expect_failure(GPA_ERROR_OUT_OF_MEMORY, std::to_string(rows) + " x " + std::to_string(cols), [&, r = rows, c = cols] { arena.matrix(r, c); });
  }
  expect_failure(GPA_ERROR_OUT_OF_MEMORY, "activations", [&] { arena.ints(kMost); });
  EXPECT_NE(nullptr, arena.matrix(1, 1).data);
}

TEST(Context, observer_sees_names_shapes_and_values) {
  Machine machine;
  Recording seen;
  const Context context = machine.context(&seen);
  float values[] = {1, 2, 3, 4, 5, 6};
  const int32_t ids[] = {7, 8};
  context.trace("values", {values, 2, 3});
  context.trace_ids("ids", ids, 2);
  EXPECT_EQ((std::vector<float>{1, 2, 3, 4, 5, 6}), seen.floats.at("values"));
  EXPECT_EQ((std::vector<int32_t>{7, 8}), seen.ints.at("ids"));
}

TEST(Context, observer_can_stop_the_pass) {
  Machine machine;
  Context context = machine.context();
  context.trace_fn = [](void*, const gpa_tensor* tensor) { return static_cast<int32_t>(std::strcmp(tensor->name, "second") == 0); };
  float value = 0;
  context.trace("first", {&value, 1, 1});
  expect_failure(GPA_ERROR_CANCELLED, "at second", [&] { context.trace("second", {&value, 1, 1}); });
}

TEST(Context, stop_is_asked_with_and_without_an_observer) {
  Machine machine;
  Recording seen;
  for (Recording* recording : {static_cast<Recording*>(nullptr), &seen}) {
    Context context = machine.context(recording);
    bool stop = false;
    context.stop_user = &stop;
    context.stop_fn = [](void* user) { return *static_cast<bool*>(user); };
    float value = 0;
    const int32_t id = 0;
    context.check_stop();
    context.trace("going", {&value, 1, 1});
    stop = true;
    expect_failure(GPA_ERROR_CANCELLED, "cancelled", [&] { context.check_stop(); });
    expect_failure(GPA_ERROR_CANCELLED, "cancelled", [&] { context.trace("stopped", {&value, 1, 1}); });
    expect_failure(GPA_ERROR_CANCELLED, "cancelled", [&] { context.trace_ids("stopped", &id, 1); });
  }
  EXPECT_EQ(1u, seen.floats.count("going"));
  EXPECT_EQ(0u, seen.floats.count("stopped"));
}

}  // namespace
}  // namespace gpa::test
