#include "gpa/kernels/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/isa.h"

namespace gpa {
namespace {

bool more_probable(const Candidate& a, const Candidate& b) { return a.logit != b.logit ? a.logit > b.logit : a.column < b.column; }

void penalise(float* logits, int64_t cols, const SampleRow& draw) {
  const float penalty = draw.repetition_penalty;
  if (penalty == 1.0f) return;
  for (int64_t begin = 0; begin < cols; begin += 32) {
    for (uint32_t word = draw.seen[begin / 32]; word != 0; word &= word - 1) {
      float& logit = logits[begin + __builtin_ctz(word)];
      logit = logit < 0 ? logit * penalty : logit / penalty;
    }
  }
}

void keep_top_k(int32_t k, Candidates* left) {
  if (k >= left->count) return;
  Candidate* const end = left->items + left->count;
  Candidate* const kth = left->items + (k - 1);
  std::nth_element(left->items, kth, end, more_probable);
  const float least = kth->logit;
  left->count = std::remove_if(kth, end, [&](const Candidate& c) { return c.logit < least; }) - left->items;
}

void keep_top_p(double p, Candidates* left) {
  double total = 0, mass = 0;
  Candidate* const end = left->items + left->count;
  for (const Candidate* c = left->items; c < end; ++c) total += c->weight;
  // Most sets are small: the top is sorted in runs that grow, until enough mass is seen.
  int64_t count = 64;
  for (Candidate* begin = left->items; begin < end; begin += count, count *= 4) {
    Candidate* const run_end = std::min(begin + count, end);
    if (run_end < end) std::nth_element(begin, run_end, end, more_probable);
    std::sort(begin, run_end, more_probable);
    for (Candidate* c = begin; c < run_end; ++c) {
      mass += c->weight;
      if (mass >= p * total) {
        left->count = c + 1 - left->items;
        return;
      }
    }
  }
}

void sample_row(const SampleArgs& a, int64_t row, Candidate* items) {
  const SampleRow& draw = a.draws[row];
  Candidates left{items, 0, 0};
  a.columns[row] = -1;
  if (!keep_candidates(a.logits + row * a.cols, a.cols, draw, &left)) return;
  const int32_t column = draw_candidate(left, draw.uniform);
  a.columns[row] = column;
  draw.seen[column / 32] |= uint32_t{1} << (column % 32);
}

}  // namespace

bool keep_candidates(float* logits, int64_t cols, const SampleRow& draw, Candidates* left) {
  penalise(logits, cols, draw);
  const bool greedy = draw.temperature < kGreedyBelow;
  float largest = -std::numeric_limits<float>::infinity();
  int32_t best = 0;
  for (int64_t i = 0; i < cols; ++i) {
    if (!(logits[i] < std::numeric_limits<float>::infinity())) return false;
    if (!greedy) logits[i] /= draw.temperature;
    if (logits[i] > largest) {
      largest = logits[i];
      best = static_cast<int32_t>(i);
    }
  }
  if (!std::isfinite(largest)) return false;
  if (greedy) {
    left->items[0] = {largest, best, 1.0};
    left->count = 1;
    left->total = 1.0;
    return true;
  }
  left->count = cols;
  for (int64_t i = 0; i < cols; ++i) left->items[i] = {logits[i], static_cast<int32_t>(i), 0.0};
  if (draw.top_k > 0) keep_top_k(draw.top_k, left);
  for (Candidate* c = left->items; c < left->items + left->count; ++c) c->weight = std::exp(static_cast<double>(c->logit) - largest);
  if (draw.top_p < 1) keep_top_p(static_cast<double>(draw.top_p), left);
  std::sort(left->items, left->items + left->count, [](const Candidate& a, const Candidate& b) { return a.column < b.column; });
  left->total = 0;
  for (const Candidate* c = left->items; c < left->items + left->count; ++c) left->total += c->weight;
  return true;
}

int32_t draw_candidate(const Candidates& left, double uniform) {
  double rest = uniform * left.total;
  for (const Candidate* c = left.items; c < left.items + left.count; ++c) {
    rest -= c->weight;
    if (rest < 0) return c->column;
  }
  // Rounding of the sum: the last one with any weight.
  for (int64_t i = left.count; i-- > 0;) {
    if (left.items[i].weight > 0) return left.items[i].column;
  }
  return left.items[0].column;
}

void sample_rows(Queue& queue, const SampleArgs& args) {
  struct Job {
    ThreadPool& pool;
    const SampleArgs& args;
  } job{queue.host(), args};
  const auto task = [](void* arg, int row, int thread) {
    const Job& job = *static_cast<const Job*>(arg);
    auto* items = static_cast<Candidate*>(job.pool.scratch(thread, static_cast<size_t>(job.args.cols) * sizeof(Candidate)));
    sample_row(job.args, row, items);
  };
  job.pool.run(static_cast<int>(args.rows), task, &job);
}

}  // namespace gpa
