// The sampler's rules on rows small enough to check by hand.
#include "engine/sampler.h"

#include <cmath>
#include <limits>
#include <random>

#include "engine/sample.h"
#include "engine/support.h"
#include "error.h"

namespace gpa::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

gpa_sampling sampling(float temperature, int32_t top_k = 0, float top_p = 1, float penalty = 1, uint64_t seed = 0) {
  return {temperature, top_k, top_p, penalty, seed};
}

std::vector<float> distribution(std::vector<float> logits, const gpa_sampling& settings, const std::vector<int32_t>& repeated = {}) {
  std::vector<uint32_t> seen = bits_of(repeated, logits.size());
  return gpa::distribution(logits, seen, settings);
}

void expect_near(const std::vector<double>& want, const std::vector<float>& got) {
  ASSERT_EQ(want.size(), got.size());
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(want[i], got[i], 1e-6) << i;
}

// Logits whose softmax is these probabilities.
std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> out;
  for (double p : probabilities) out.push_back(static_cast<float>(std::log(p)));
  return out;
}

TEST(Sampler, everything_off_is_softmax) { expect_near({0.1, 0.2, 0.3, 0.4}, distribution(logits_of({0.1, 0.2, 0.3, 0.4}), sampling(1))); }

TEST(Sampler, temperature_two_takes_the_root) {
  expect_near({1.0 / 6, 2.0 / 6, 3.0 / 6}, distribution(logits_of({1.0 / 14, 4.0 / 14, 9.0 / 14}), sampling(2)));
}

TEST(Sampler, ties_at_the_kth_stay) {
  expect_near({0.25, 0, 0.25, 0.25, 0.25, 0}, distribution({2, 1, 2, 2, 2, -1}, sampling(1, 2)));
  const double e = std::exp(1), total = e + 3;
  expect_near({1 / total, e / total, 1 / total, 0, 1 / total}, distribution({1, 2, 1, 0, 1}, sampling(1, 2)));
}

TEST(Sampler, top_k_of_one_keeps_the_largest) { expect_near({0, 0, 1}, distribution({1, 2, 3}, sampling(1, 1))); }

TEST(Sampler, top_k_beyond_the_row_is_off) {
  for (int32_t k : {3, 4, std::numeric_limits<int32_t>::max()}) expect_near({0.2, 0.3, 0.5}, distribution(logits_of({0.2, 0.3, 0.5}), sampling(1, k)));
}

TEST(Sampler, top_p_keeps_the_smallest_set_that_reaches_it) {
  const std::vector<float> logits = logits_of({0.1, 0.4, 0.2, 0.3});
  expect_near({0, 1, 0, 0}, distribution(logits, sampling(1, 0, 0.39f)));
  expect_near({0, 4.0 / 7, 0, 3.0 / 7}, distribution(logits, sampling(1, 0, 0.41f)));
  expect_near({0, 4.0 / 7, 0, 3.0 / 7}, distribution(logits, sampling(1, 0, 0.69f)));
  expect_near({0, 4.0 / 9, 2.0 / 9, 3.0 / 9}, distribution(logits, sampling(1, 0, 0.71f)));
  expect_near({0.1, 0.4, 0.2, 0.3}, distribution(logits, sampling(1, 0, 0.91f)));
}

TEST(Sampler, top_p_of_nearly_nothing_keeps_one) {
  expect_near({0, 0, 1, 0}, distribution({0, 0.5f, 1, 0.5f}, sampling(1, 0, std::numeric_limits<float>::min())));
}

TEST(Sampler, top_p_of_equal_logits_keeps_the_first_columns) {
  std::vector<float> got = distribution(std::vector<float>(1000, 1.0f), sampling(1, 0, 0.5f));
  int64_t kept = 0;
  for (size_t i = 0; i < got.size(); ++i) kept += got[i] > 0;
  EXPECT_NEAR(500, static_cast<double>(kept), 1);
  for (int64_t i = 0; i < kept; ++i) EXPECT_GT(got[static_cast<size_t>(i)], 0) << i;
}

// 64, 256 and 1024 candidates are sorted at a time: sets that end in each of these runs.
TEST(Sampler, top_p_of_long_rows_is_exact) {
  constexpr int64_t kCount = 5000;
  std::vector<float> logits(kCount);
  for (int64_t i = 0; i < kCount; ++i) logits[static_cast<size_t>(i)] = static_cast<float>(i * 7919 % kCount) * 0.002f;  // a permutation
  std::vector<double> sorted;
  double total = 0;
  for (int64_t i = kCount; i-- > 0;) sorted.push_back(std::exp(static_cast<double>(static_cast<float>(i) * 0.002f)));
  for (double weight : sorted) total += weight;
  for (float p : {0.05f, 0.3f, 0.6f, 0.95f, 0.999f}) {
    double mass = 0;
    int64_t want = 0;
    while (mass < static_cast<double>(p) * total) mass += sorted[static_cast<size_t>(want++)];
    const std::vector<float> got = distribution(logits, sampling(1, 0, p));
    int64_t kept = 0;
    for (int64_t i = 0; i < kCount; ++i) {
      const bool wanted = i * 7919 % kCount >= kCount - want;
      ASSERT_EQ(wanted, got[static_cast<size_t>(i)] > 0) << i << ", p " << p;
      kept += wanted;
    }
    EXPECT_EQ(want, kept) << p;
  }
}

TEST(Sampler, top_k_comes_before_top_p) {
  // Of {0.4, 0.3} alone the first holds 4/7 of the mass, of all only 0.4.
  expect_near({0, 1, 0, 0}, distribution(logits_of({0.1, 0.4, 0.2, 0.3}), sampling(1, 2, 0.5f)));
}

TEST(Sampler, penalty_divides_positive_and_multiplies_negative_logits) {
  const double a = std::exp(1.0), b = std::exp(-4.0), c = std::exp(0.0), d = std::exp(2.0), total = a + b + c + d;
  expect_near({a / total, b / total, c / total, d / total}, distribution({2, -2, 0, 2}, sampling(1, 0, 1, 2), {0, 1, 2}));
}

TEST(Sampler, penalty_comes_before_the_temperature_and_decides_greedy_too) {
  std::vector<float> logits{3, 2.9f};
  EXPECT_EQ(1, pick(logits, {0}, sampling(0, 0, 1, 1.2f), 0));
  const double a = std::exp(1.0 / 0.5), b = std::exp(1.0);
  expect_near({b / (a + b), a / (a + b)}, distribution({1, 1}, sampling(0.5f, 0, 1, 2), {0}));
}

TEST(Sampler, penalty_below_one_rewards) {
  std::vector<float> logits{2, 2.5f};
  EXPECT_EQ(0, pick(logits, {0}, sampling(0, 0, 1, 0.5f), 0));
}

TEST(Sampler, temperature_zero_takes_the_largest_and_the_first_of_equals) {
  for (float temperature : {0.0f, 1e-7f}) {
    for (uint64_t step = 0; step < 50; ++step) {
      std::vector<float> logits{1, 3, 3, 2};
      EXPECT_EQ(1, pick(logits, {}, sampling(temperature, 0, 1, 1, step), step));
    }
    expect_near({0, 1, 0, 0}, distribution({1, 3, 3, 2}, sampling(temperature, 3, 0.9f)));
  }
}

TEST(Sampler, tiny_temperature_of_large_logits_stays_finite) {
  expect_near({0, 1}, distribution({3e4f, 3.1e4f}, sampling(1e-5f)));
  expect_near({0.5, 0.5}, distribution({88, 88}, sampling(1e-6f)));
}

TEST(Sampler, one_column_is_always_drawn) {
  for (float temperature : {0.0f, 0.7f, 50.0f}) {
    std::vector<float> logits{-7};
    EXPECT_EQ(0, pick(logits, {}, sampling(temperature, 3, 0.5f), 9));
  }
}

TEST(Sampler, minus_infinity_is_never_drawn) {
  expect_near({0, 0.5, 0, 0.5}, distribution({-kInfinity, 1, -kInfinity, 1}, sampling(1)));
  for (uint64_t step = 0; step < 1000; ++step) {
    std::vector<float> logits{-kInfinity, 1, -kInfinity, 1, -kInfinity};
    EXPECT_EQ(1, pick(logits, {}, sampling(1, 0, 1, 1, 5), step) % 2);
  }
}

TEST(Sampler, logits_that_are_not_finite_are_an_error) {
  for (float temperature : {0.0f, 1.0f}) {
    for (const std::vector<float>& row : {std::vector<float>{1, kNan}, {kNan, 1}, {1, kInfinity}, {-kInfinity, -kInfinity}}) {
      std::vector<float> logits = row;
      EXPECT_EQ(-1, pick(logits, {}, sampling(temperature), 0));
      logits = row;
      expect_failure(GPA_ERROR_INTERNAL, "finite", [&] { distribution(logits, sampling(temperature)); });
    }
  }
}

// Rows of one call have nothing to do with each other, each marks what it draws, and a failed one marks nothing.
TEST(Sampler, rows_are_drawn_apart_and_mark_their_columns) {
  ThreadPool queue(3);
  std::vector<float> logits{kNan, 1, 0, 1, 2, 0, 5, 4, 6};
  std::vector<uint32_t> seen{0, 4, 0};
  SampleRow draws[3];
  for (size_t i = 0; i < 3; ++i) draws[i] = sample_row(sampling(0), 0, &seen[i]);
  int32_t columns[3];
  select_kernels()->sample(queue, {logits.data(), 3, 3, draws, columns});
  EXPECT_EQ((std::vector<int32_t>{-1, 1, 2}), std::vector<int32_t>(columns, columns + 3));
  EXPECT_EQ((std::vector<uint32_t>{0, 4 | 2, 4}), seen);
}

// The fast way against sorting everything, on rows with ties, over all settings.
TEST(Sampler, draws_are_those_of_the_reference) {
  std::mt19937 generator(5);
  for (int round = 0; round < 400; ++round) {
    std::vector<float> row(1 + generator() % 700);
    for (float& logit : row) logit = static_cast<float>(static_cast<int>(generator() % 64)) * 0.125f - 3;
    std::vector<int32_t> repeated;
    for (size_t c = 0; c < row.size(); c += 1 + generator() % 9) repeated.push_back(static_cast<int32_t>(c));
    const gpa_sampling settings = sampling(round % 7 == 0 ? 0.0f : 0.8f, round % 3 == 0 ? 0 : static_cast<int32_t>(generator() % 80),
                                           round % 4 == 0 ? 1.0f : 0.9f, 1.1f, generator());
    std::vector<float> a = row, b = row;
    const int32_t got = pick(a, repeated, settings, 3), want = pick(reference_kernels(), b, repeated, settings, 3);
    ASSERT_GE(got, 0);
    EXPECT_EQ(want, got) << round;
  }
}

TEST(Sampler, same_seed_same_draws_and_others_differ) {
  std::vector<float> logits(500);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i % 17) * 0.1f;
  const auto draws = [&](uint64_t seed) {
    std::vector<int32_t> out(200);
    std::vector<float> row = logits;
    std::vector<uint32_t> seen = bits_of({}, row.size());
    draw_many(row, seen, sampling(1, 0, 1, 1, seed), out);
    return out;
  };
  EXPECT_EQ(draws(1), draws(1));
  EXPECT_NE(draws(1), draws(2));
  EXPECT_NE(draws(1), draws(uint64_t{1} << 32)) << "the seed's upper half must count";
  EXPECT_NE(draws(0), draws(uint64_t{1} << 63));
}

TEST(CheckSampling, limits_are_taken) {
  for (const gpa_sampling& good : {sampling(0), sampling(std::numeric_limits<float>::max()), sampling(1, 0x7FFFFFFF),
                                   sampling(1, 0, std::numeric_limits<float>::denorm_min()), sampling(1, 0, 1, std::numeric_limits<float>::max()),
                                   sampling(1, 0, 1, std::numeric_limits<float>::min())}) {
    EXPECT_NO_THROW(check_sampling(good));
  }
}

TEST(CheckSampling, what_is_out_of_range_is_refused_by_name) {
  const auto refused = [](const char* field, const gpa_sampling& settings) {
    expect_failure(GPA_ERROR_INVALID_ARGUMENT, std::string("sampling.") + field, [&] { check_sampling(settings); });
  };
  for (float bad : {-0.1f, -kInfinity, kInfinity, kNan}) refused("temperature", sampling(bad));
  for (int32_t bad : {-1, std::numeric_limits<int32_t>::min()}) refused("top_k", sampling(1, bad));
  for (float bad : {0.0f, -0.5f, 1.0001f, kInfinity, kNan}) refused("top_p", sampling(1, 0, bad));
  for (float bad : {0.0f, -1.0f, kInfinity, kNan}) refused("repetition_penalty", sampling(1, 0, 1, bad));
}

}  // namespace
}  // namespace gpa::test
