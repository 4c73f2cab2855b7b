// Splits a range over the pool's threads.
#pragma once
#include "cpu/vec.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// Calls body(part, thread) for each part.
template <class Body>
void run_parts(ThreadPool& pool, int64_t parts, const Body& body) {
  const auto task = [](void* arg, int part, int thread) { (*static_cast<const Body*>(arg))(part, thread); };
  pool.run(static_cast<int>(parts), task, const_cast<void*>(static_cast<const void*>(&body)));
}

// Calls body(begin, end, thread) on pieces of [0, count). cost is what one of them takes, in floats touched:
// below some ten thousand in all, waking another thread takes longer than the work.
template <class Body>
void for_ranges(ThreadPool& pool, int64_t count, int64_t cost, const Body& body) {
  constexpr int64_t kLeastCost = 16384;
  if (count <= 0) return;
  const int64_t worth = larger<int64_t>(1, count * cost / kLeastCost);
  const int64_t parts = smaller(smaller(count, worth), static_cast<int64_t>(pool.threads()) * 4);
  if (parts == 1) return body(int64_t{0}, count, 0);
  run_parts(pool, parts, [&](int64_t part, int thread) {
    body(count * part / parts, count * (part + 1) / parts, thread);
  });
}

// Calls body(column, lanes) for each vector of a row; lanes < kWidth for the last one only.
template <class Body>
inline __attribute__((always_inline)) void for_vectors(int64_t cols, const Body& body) {
  int64_t c = 0;
  for (; c + kWidth <= cols; c += kWidth) body(c, static_cast<int64_t>(kWidth));
  if (c < cols) body(c, cols - c);
}

// What for_vectors' body reads and writes with.
inline Vec load_lanes(const float* p, int64_t lanes) {
  return lanes == kWidth ? Vec::load(p) : Vec::load_first(p, lanes);
}
inline void store_lanes(float* p, int64_t lanes, Vec v) {
  if (lanes == kWidth)
    v.store(p);
  else
    v.store_first(p, lanes);
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
