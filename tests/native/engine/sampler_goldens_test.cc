// The sampler against the reference's distributions, and its draws against its distributions.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/golden_prompts.h"
#include "engine/sample.h"

namespace gpa::test {
namespace {

constexpr int64_t kDraws = 100000;

// Each id of the prompt once: every id is a column, as the goldens are of the whole vocabulary.
std::vector<int32_t> repeated_ids(const std::string& prompt) {
  std::vector<int32_t> ids = golden_prompt(prompt);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

struct ChiSquare {
  double statistic = 0;
  int64_t freedom = 0;  // cells - 1
  bool impossible = false;  // something of probability 0 was drawn
};

// Pearson's statistic of the draws under the distribution. Cells that expect fewer than 5 draws are pooled into one; where that
// one expects fewer than 5 too, the smallest other cell joins it.
ChiSquare chi_square(const std::vector<int32_t>& drawn, const std::vector<float>& probabilities) {
  std::vector<int64_t> counts(probabilities.size(), 0);
  for (int32_t column : drawn) ++counts[static_cast<size_t>(column)];
  const double total = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  struct Cell {
    double expected;
    double seen;
  };
  ChiSquare result;
  std::vector<Cell> cells;
  Cell pooled{0, 0};
  for (size_t i = 0; i < counts.size(); ++i) {
    const Cell cell{probabilities[i] / total * static_cast<double>(drawn.size()), static_cast<double>(counts[i])};
    if (cell.expected == 0) {
      result.impossible = result.impossible || cell.seen > 0;
    } else if (cell.expected < 5) {
      pooled.expected += cell.expected;
      pooled.seen += cell.seen;
    } else {
      cells.push_back(cell);
    }
  }
  std::sort(cells.begin(), cells.end(), [](const Cell& a, const Cell& b) { return a.expected > b.expected; });
  if (pooled.expected > 0) {
    if (pooled.expected < 5 && !cells.empty()) {
      pooled.expected += cells.back().expected;
      pooled.seen += cells.back().seen;
      cells.pop_back();
    }
    cells.push_back(pooled);
  }
  for (const Cell& cell : cells) result.statistic += (cell.seen - cell.expected) * (cell.seen - cell.expected) / cell.expected;
  result.freedom = static_cast<int64_t>(cells.size()) - 1;
  return result;
}

// The value that a chi-square variable exceeds with probability 1e-4, after Wilson and Hilferty (1931): within 1 % of the exact
// one from 3 degrees of freedom on, 7 % too large at one. 36 tests at that significance fail together in 4 of 1000 choices of seeds.
double critical_value(int64_t freedom) {
  constexpr double kNormalQuantile = 3.719016;  // of 1 - 1e-4
  const double n = static_cast<double>(freedom), part = 2 / (9 * n);
  return n * std::pow(1 - part + kNormalQuantile * std::sqrt(part), 3);
}

std::vector<int32_t> draw(const std::string& prompt, gpa_sampling sampling, uint64_t seed) {
  std::vector<float> logits = golden_decoder().at(prompt + ".logits_last").floats();
  sampling.seed = seed;
  std::vector<int32_t> drawn(kDraws);
  std::vector<uint32_t> seen = bits_of(repeated_ids(prompt), logits.size());
  draw_many(logits, seen, sampling, drawn);
  return drawn;
}

TEST(SamplerGoldens, distribution_of_every_prompt_equal) {
  for (const std::string& prompt : golden_prompts()) {
    const std::vector<int32_t> repeated = repeated_ids(prompt);
    for (const GoldenSampling& golden : kGoldenSamplings) {
      const auto want = golden_decoder().at(prompt + "." + golden.name).floats();
      std::vector<float> logits = golden_decoder().at(prompt + ".logits_last").floats();
      std::vector<uint32_t> seen = bits_of(repeated, logits.size());
      const std::vector<float> got = distribution(logits, seen, golden.sampling);
      ASSERT_EQ(want.size(), got.size());
      double largest = 0;
      for (size_t i = 0; i < want.size(); ++i) {
        largest = std::max(largest, std::fabs(static_cast<double>(got[i]) - want[i]));
        ASSERT_EQ(want[i] == 0, got[i] == 0) << prompt << "." << golden.name << "[" << i << "]";
      }
      EXPECT_LE(largest, 1e-5) << prompt << "." << golden.name;
    }
  }
}

TEST(SamplerGoldens, draws_follow_the_golden_distribution) {
  for (const char* prompt : {"asr_short", "tts_short", "vc_short"}) {
    for (const GoldenSampling& golden : kGoldenSamplings) {
      const auto want = golden_decoder().at(std::string(prompt) + "." + golden.name).floats();
      for (uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{0x9E3779B97F4A7C15}, ~uint64_t{0}}) {
        const ChiSquare got = chi_square(draw(prompt, golden.sampling, seed), want);
        EXPECT_FALSE(got.impossible) << prompt << "." << golden.name << ", seed " << seed;
        ASSERT_GE(got.freedom, 1) << prompt << "." << golden.name << " is one cell: nothing is tested";
        EXPECT_LT(got.statistic, critical_value(got.freedom)) << prompt << "." << golden.name << ", seed " << seed << ", " << got.freedom
                                                              << " degrees of freedom";
      }
    }
  }
}

// The test above can fail: a temperature that is 5 % off is seen.
TEST(SamplerGoldens, draws_at_another_temperature_do_not_follow_it) {
  for (const GoldenSampling& golden : kGoldenSamplings) {
    gpa_sampling other = golden.sampling;
    other.temperature *= 1.05f;
    const ChiSquare got = chi_square(draw("tts_short", other, 1), golden_decoder().at(std::string("tts_short.") + golden.name).floats());
    EXPECT_TRUE(got.impossible || got.statistic > critical_value(got.freedom)) << golden.name << ": " << got.statistic;
  }
}

TEST(SamplerGoldens, pick_draws_as_draw_many) {
  const gpa_sampling sampling = kGoldenSamplings[1].sampling;
  const std::vector<int32_t> many = draw("asr_odd", sampling, 77), repeated = repeated_ids("asr_odd");
  const std::vector<float> logits = golden_decoder().at("asr_odd.logits_last").floats();
  gpa_sampling seeded = sampling;
  seeded.seed = 77;
  for (uint64_t step = 0; step < 500; ++step) {
    std::vector<float> row = logits;
    ASSERT_EQ(many[step], pick(row, repeated, seeded, step)) << step;
  }
}

}  // namespace
}  // namespace gpa::test
