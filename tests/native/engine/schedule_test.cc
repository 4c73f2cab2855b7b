// The policy alone, and in a simulation of an engine whose audio jobs cost virtual time.
#include "engine/schedule.h"

#include <gtest/gtest.h>

#include <numeric>

namespace gpa::test {
namespace {

using Kind = AudioJob::Kind;

TEST(MostUrgent, who_has_heard_nothing_comes_before_those_who_still_have_something) {
  const AudioJob jobs[] = {{Kind::kChunk, 1'000'001}, {Kind::kFirstChunk, 1'000'000}, {Kind::kFirstChunk, 900'000}, {Kind::kChunk, 2'000'000}};
  EXPECT_EQ(2u, most_urgent(jobs));
}

TEST(MostUrgent, of_listeners_the_one_who_runs_dry_first_comes_first) {
  const AudioJob jobs[] = {{Kind::kChunk, 30}, {Kind::kChunk, 10}, {Kind::kChunk, 20}};
  EXPECT_EQ(1u, most_urgent(jobs));
}

TEST(MostUrgent, encoders_and_whole_results_wait_for_listeners_but_not_for_ever) {
  const AudioJob listened{Kind::kChunk, kPatienceUs};
  for (const Kind kind : {Kind::kEncode, Kind::kPiece}) {
    const AudioJob late[] = {{kind, 1}, listened}, due[] = {{kind, -1}, listened};
    EXPECT_EQ(1u, most_urgent(late));
    EXPECT_EQ(0u, most_urgent(due));
  }
}

TEST(MostUrgent, of_equals_the_first_comes_first) {
  const AudioJob jobs[] = {{Kind::kPiece, 5}, {Kind::kEncode, 5}, {Kind::kPiece, 5}};
  EXPECT_EQ(0u, most_urgent(jobs));
}

TEST(Listener, hears_one_chunk_after_the_other_and_waits_where_there_is_none) {
  Listener listener;
  EXPECT_FALSE(listener.listening());
  listener.hear(1000, 200);
  EXPECT_TRUE(listener.listening());
  EXPECT_EQ(1200, listener.dry_us());
  listener.hear(1100, 300);
  EXPECT_EQ(1500, listener.dry_us());
  listener.hear(2000, 50);
  EXPECT_EQ(2050, listener.dry_us());
}

TEST(ShareRows, takes_all_that_fit) {
  EXPECT_EQ((std::vector<int64_t>{10, 0, 20}), share_rows(std::vector<int64_t>{10, 0, 20}, 256));
  EXPECT_TRUE(share_rows({}, 256).empty());
}

TEST(ShareRows, short_prompts_come_first_and_the_oldest_gets_on) {
  EXPECT_EQ((std::vector<int64_t>{64, 64, 40, 88}), share_rows(std::vector<int64_t>{1000, 64, 40, 500}, 256));
  EXPECT_EQ((std::vector<int64_t>{64, 192, 0}), share_rows(std::vector<int64_t>{1000, 200, 300}, 256));
}

TEST(ShareRows, every_row_is_used_and_no_prompt_waits_for_ever) {
  std::vector<int64_t> left{5000};
  int steps = 0;
  for (; left[0] > 0; ++steps) {
    left.resize(1);
    for (int i = 0; i < 10; ++i) left.push_back(60);  // short ones come without end
    const std::vector<int64_t> shares = share_rows(left, 256);
    EXPECT_EQ(std::min<int64_t>(256, std::accumulate(left.begin(), left.end(), int64_t{0})), std::accumulate(shares.begin(), shares.end(), int64_t{0}));
    left[0] -= shares[0];
  }
  EXPECT_EQ((5000 + 63) / 64, steps);
}

// Virtual engine: streams that always have a chunk due, whole results that always have a piece, and new streams now and then.
struct Simulated {
  Kind kind;
  int64_t at_us;
  int64_t cost_us;
  int64_t audio_us;
  int64_t longest_wait_us = 0;
  int64_t last_us = 0;
  int64_t runs = 0;
  Listener listener{};
};

void run(std::vector<Simulated>& all, int64_t now, int64_t until_us) {
  while (now < until_us) {
    std::vector<AudioJob> jobs;
    for (const Simulated& one : all) jobs.push_back({one.kind, one.at_us});
    Simulated& next = all[most_urgent(jobs)];
    now += next.cost_us;
    next.longest_wait_us = std::max(next.longest_wait_us, now - next.last_us);
    next.last_us = now;
    ++next.runs;
    if (next.kind == Kind::kPiece) {
      next.at_us = now;
    } else {
      next.listener.hear(now, next.audio_us);
      next.at_us = next.listener.dry_us();
      next.kind = Kind::kChunk;
    }
  }
}

TEST(Schedule, whole_results_take_their_turn_beside_streams_that_fall_behind) {
  // Each chunk of 1 s costs 0.4 s: four streams want 1.6 of the machine.
  std::vector<Simulated> all(4, {Kind::kFirstChunk, 0, 400'000, 1'000'000});
  all.push_back({Kind::kPiece, 0, 500'000, 0});
  run(all, 0, 100'000'000);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(static_cast<double>(all[0].runs), static_cast<double>(all[i].runs), 2) << "streams share alike";
    EXPECT_LT(all[i].longest_wait_us, 4'000'000);
  }
  EXPECT_GT(all[4].runs, 25);
  EXPECT_LT(all[4].longest_wait_us, 4'000'000);
}

TEST(Schedule, first_chunks_come_at_once_and_nobody_runs_dry_where_the_machine_can_do_it) {
  // Two streams at 0.25 of the machine each, and pieces that fill the rest.
  std::vector<Simulated> all(2, {Kind::kFirstChunk, 0, 250'000, 1'000'000});
  all.push_back({Kind::kPiece, 0, 100'000, 0});
  run(all, 0, 50'000'000);
  EXPECT_LE(all[0].longest_wait_us, 1'000'000 + 350'000);
  all.push_back({Kind::kFirstChunk, 50'000'000, 100'000, 1'000'000, 0, 50'000'000});
  run(all, 50'000'000, 50'400'000);
  EXPECT_GE(all[3].runs, 1);
  EXPECT_LE(all[3].longest_wait_us, 450'000) << "at most a job that ran, a listener about to run dry, and its own";
}

}  // namespace
}  // namespace gpa::test
