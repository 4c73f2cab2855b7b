// Sampling on the device: the columns that can be drawn are those that the CPU keeps, and each is drawn for its share of `uniform`.
#include <algorithm>
#include <numeric>

#include "cuda_emulation/control.h"
#include "device.h"
#include "gpa/kernels/sampling.h"

namespace gpa::test {
namespace {

struct Row {
  Floats logits;
  SampleRow draw;
  std::vector<uint32_t> seen;
};

Row random_row(int64_t cols, uint32_t seed, float deviation) {
  Row row{random_floats(cols, seed, deviation), {0.5, 1.0f, 1.0f, 1.0f, 0, nullptr}, std::vector<uint32_t>(static_cast<size_t>((cols + 31) / 32))};
  return row;
}

struct Drawn {
  std::vector<int32_t> columns;
  std::vector<std::vector<uint32_t>> seen;
};

Drawn draw_once(const std::vector<Row>& rows) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  Side side(*queue, device().kernels());
  const auto cols = static_cast<int64_t>(rows[0].logits.size()), count = static_cast<int64_t>(rows.size());
  Floats logits;
  std::vector<SampleRow> draws;
  for (const Row& row : rows) {
    logits.insert(logits.end(), row.logits.begin(), row.logits.end());
    draws.push_back(row.draw);
    draws.back().seen = side.array(row.seen);
  }
  int32_t* columns = side.array(std::vector<int32_t>(rows.size(), -7));
  device().kernels().sample(*queue, {side.array(logits), count, cols, side.array(draws), columns});
  Drawn drawn{side.get(columns, count), {}};
  for (const SampleRow& d : draws) drawn.seen.push_back(side.get(d.seen, (cols + 31) / 32));
  return drawn;
}

// Twice, the second time with the emulated threads in reverse.
Drawn draw(const std::vector<Row>& rows) {
  const Drawn drawn = draw_once(rows);
  cuda_emulation::set_order(cuda_emulation::Order::kReverse);
  EXPECT_EQ(drawn.columns, draw_once(rows).columns);
  cuda_emulation::set_order(cuda_emulation::Order::kForward);
  return drawn;
}

// What the CPU would draw from, in the order of columns.
std::vector<Candidate> candidates(const Row& row) {
  Floats logits = row.logits;
  std::vector<uint32_t> seen = row.seen;
  SampleRow draw = row.draw;
  draw.seen = seen.data();
  std::vector<Candidate> items(logits.size());
  Candidates left{items.data(), 0, 0};
  if (!keep_candidates(logits.data(), static_cast<int64_t>(logits.size()), draw, &left)) return {};
  items.resize(static_cast<size_t>(left.count));
  std::sort(items.begin(), items.end(), [](const Candidate& a, const Candidate& b) { return a.column < b.column; });
  return items;
}

// Draws on both sides of the borders of some columns' shares, the first and the last among them; masses are right to 1e-6.
void expect_shares(Row row, const std::string& what) {
  constexpr double kMargin = 2e-6;
  const std::vector<Candidate> items = candidates(row);
  ASSERT_FALSE(items.empty()) << what;
  double total = 0;
  for (const Candidate& c : items) total += c.weight;
  struct Share {
    int32_t column;
    double begin, end;
  };
  std::vector<Share> shares;
  double sum = 0;
  for (const Candidate& c : items) {
    const double begin = sum / total;
    sum += c.weight;
    if (sum / total - begin > 3 * kMargin) shares.push_back({c.column, begin, sum / total});
  }
  std::vector<Row> rows;
  std::vector<int32_t> want;
  for (const size_t i : {size_t{0}, shares.size() / 2, shares.size() - 1}) {
    ASSERT_LT(i, shares.size()) << what;
    for (const double uniform : {shares[i].begin == 0 ? 0.0 : shares[i].begin + kMargin, std::min(shares[i].end - kMargin, 1 - 0x1p-53)}) {
      row.draw.uniform = uniform;
      rows.push_back(row);
      want.push_back(shares[i].column);
    }
  }
  ASSERT_FALSE(rows.empty()) << what;
  const Drawn drawn = draw(rows);
  EXPECT_EQ(want, drawn.columns) << what;
  for (size_t r = 0; r < rows.size(); ++r) {
    std::vector<uint32_t> seen = row.seen;
    seen[static_cast<size_t>(want[r] / 32)] |= 1u << (want[r] % 32);
    EXPECT_EQ(seen, drawn.seen[r]) << what;
  }
}

TEST(CudaSample, drawsByShareWithEveryFilter) {
  for (const int64_t cols : {1, 33, 1000, 8195}) {
    for (const float top_p : {1.0f, 0.8f, 0.0f}) {
      for (const int32_t top_k : {0, 1, 50}) {
        Row row = random_row(cols, static_cast<uint32_t>(cols), 3.0f);
        row.draw.top_p = top_p;
        row.draw.top_k = top_k;
        row.draw.temperature = 0.8f;
        expect_shares(row, std::to_string(cols) + " columns, top_p " + std::to_string(top_p) + ", top_k " + std::to_string(top_k));
      }
    }
  }
}

TEST(CudaSample, aWholeVocabulary) {
  Row row = random_row(151936, 9, 2.5f);
  row.draw.top_p = 0.8f;
  expect_shares(row, "top_p alone");
  row.draw.top_k = 50;
  row.draw.top_p = 0.95f;
  expect_shares(row, "both");
}

// More columns in one bin than its list has room for.
TEST(CudaSample, logitsThatLieCloseTogether) {
  Row row = random_row(6000, 4, 1e-4f);
  row.draw.top_k = 700;
  expect_shares(row, "top_k");
  row.draw.top_k = 0;
  row.draw.top_p = 0.25f;
  expect_shares(row, "top_p");
}

TEST(CudaSample, tiesStayWithTopKAndGoByColumnWithTopP) {
  Row row = random_row(5000, 1, 0.0f);
  expect_shares(row, "all the same");
  row.draw.top_k = 3;
  EXPECT_EQ(5000u, candidates(row).size());
  expect_shares(row, "top_k");
  row.draw.top_p = 0.5f;
  EXPECT_EQ(2499, candidates(row).back().column);
  expect_shares(row, "both");
  row.logits[10] = row.logits[4000] = 3.0f;
  row.logits[20] = -0.0f;
  expect_shares(row, "two above");
  row.draw.top_p = 0.003f;
  EXPECT_EQ(1u, candidates(row).size());
  expect_shares(row, "one of two");
}

TEST(CudaSample, seenColumnsArePenalised) {
  Row row = random_row(100, 3, 2.0f);
  row.draw.repetition_penalty = 1.7f;
  row.draw.top_p = 0.9f;
  row.seen = {0x5a5a0f37u, 0xffff0000u, 0x12345678u, 0x5u};
  expect_shares(row, "penalty");
}

TEST(CudaSample, aColdRowTakesTheLargestAndTheLowestOfEqualOnes) {
  Row row = random_row(3000, 3, 2.0f);
  row.draw.temperature = 0.0f;
  row.logits[2000] = row.logits[70] = 50.0f;
  row.logits[60] = 60.0f;
  row.seen[60 / 32] = 1u << 60 % 32;
  row.draw.repetition_penalty = 2.0f;
  EXPECT_EQ(std::vector<int32_t>{70}, draw({row}).columns);
  row.logits.assign(3000, -INFINITY);
  row.logits[2999] = -5;
  EXPECT_EQ(std::vector<int32_t>{2999}, draw({row}).columns);
  row.draw.temperature = 1.0f;
  EXPECT_EQ(std::vector<int32_t>{2999}, draw({row}).columns);
}

TEST(CudaSample, rowsThatCannotBeDrawnFromGiveMinusOneAndChangeNothing) {
  Row nan = random_row(300, 3, 2.0f), infinite = nan, empty = nan, good = nan;
  nan.logits[299] = NAN;
  infinite.logits[1] = INFINITY;
  empty.logits.assign(300, -INFINITY);
  good.draw.temperature = 0.0f;
  const auto best = static_cast<int32_t>(std::max_element(good.logits.begin(), good.logits.end()) - good.logits.begin());
  const Drawn drawn = draw({nan, good, infinite, empty});
  EXPECT_EQ((std::vector<int32_t>{-1, best, -1, -1}), drawn.columns);
  for (const size_t r : {0, 2, 3}) EXPECT_EQ(nan.seen, drawn.seen[r]);
}

// The logits that the op leaves are the reference's: penalised and divided.
TEST(CudaSample, theLogitsAreLeftAsTheReferenceLeavesThem) {
  Row row = random_row(777, 8, 2.0f);
  row.draw.repetition_penalty = 1.3f;
  row.draw.temperature = 0.7f;
  row.seen[3] = 0xf0f0f0f0u;
  compare("sample", 777, 1e-13, [&](Side& side) {
    float* logits = side.array(row.logits);
    SampleRow d = row.draw;
    d.seen = side.array(row.seen);
    side.kernels().sample(side.queue(), {logits, 1, 777, side.array(std::vector<SampleRow>{d}), side.array(std::vector<int32_t>(1))});
    return logits;
  });
}

TEST(CudaSample, aRowDoesNotDependOnOthers) {
  std::vector<Row> rows;
  for (uint32_t i = 0; i < 6; ++i) {
    rows.push_back(random_row(500, 20 + i, 2.0f));
    rows.back().draw.uniform = 0.15 * i;
    rows.back().draw.top_p = 0.9f;
  }
  const Drawn all = draw(rows);
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(all.columns[i], draw({rows[i]}).columns[0]);
}

}  // namespace
}  // namespace gpa::test
