#include "server/sample/stratum_counts.h"

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace driftserve {

bool operator==(const StratumCounts::Gain& a, const StratumCounts::Gain& b) {
  return a.pane_start_ns == b.pane_start_ns && a.stratum == b.stratum && a.rows == b.rows;
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kPane = 1'000;

TEST(StratumCountsTest, GainsAreByPaneAndStratumOldestFirst) {
  StratumCounts counts(2, 3, kPane);
  counts.Count(0, 1, 20 * kPane + 5, 4);
  counts.Count(1, 1, 20 * kPane + 900, 3);
  counts.Count(1, 2, 19 * kPane, 1);
  EXPECT_THAT(counts.Collect(20 * kPane + 950),
              ElementsAre(StratumCounts::Gain{19 * kPane, 2, 1}, StratumCounts::Gain{20 * kPane, 1, 7}));
  EXPECT_THAT(counts.Collect(20 * kPane + 990), IsEmpty());
}

TEST(StratumCountsTest, ASlotOfAnEarlierTurnDoesNotCountTwice) {
  StratumCounts counts(1, 1, kPane);
  counts.Count(0, 0, 8 * kPane, 10);
  EXPECT_THAT(counts.Collect(8 * kPane), ElementsAre(StratumCounts::Gain{8 * kPane, 0, 10}));
  const int64_t next_turn = 8 * kPane + StratumCounts::kRounds * kPane;
  counts.Count(0, 0, next_turn, 2);
  EXPECT_THAT(counts.Collect(next_turn), ElementsAre(StratumCounts::Gain{next_turn, 0, 2}));
  EXPECT_EQ(counts.Total(0), 12u);
}

TEST(StratumCountsTest, LateRowsGoToTheirOwnPane) {
  StratumCounts counts(1, 1, kPane);
  const int64_t oldest = static_cast<int64_t>(StratumCounts::kRounds) - 2;
  counts.Count(0, 0, 100 * kPane, 1);
  EXPECT_THAT(counts.Collect((100 + oldest) * kPane), ElementsAre(StratumCounts::Gain{100 * kPane, 0, 1}));
}

// A row may be counted after the collector read the clock, in a pane that begins between the two.
TEST(StratumCountsTest, ARowOfThePaneToComeWaitsForItsPane) {
  StratumCounts counts(1, 1, kPane);
  counts.Count(0, 0, 51 * kPane, 1);
  EXPECT_THAT(counts.Collect(51 * kPane - 1), IsEmpty());
  EXPECT_EQ(counts.Total(0), 1u);
  EXPECT_THAT(counts.Collect(51 * kPane), ElementsAre(StratumCounts::Gain{51 * kPane, 0, 1}));
}

TEST(StratumCountsTest, NothingIsLostWhenTheCollectorStalls) {
  StratumCounts counts(1, 2, kPane);
  for (int64_t pane = 0; pane < 100; ++pane) counts.Count(0, static_cast<int>(pane % 2), pane * kPane, 1);
  uint64_t rows = 0;
  for (int64_t now = 100; now < 100 + static_cast<int64_t>(StratumCounts::kRounds); ++now) {
    for (const auto& gain : counts.Collect(now * kPane)) rows += gain.rows;
  }
  EXPECT_EQ(rows, 100u);
}

TEST(StratumCountsTest, CountsAreExactWithSeveralThreadsAndACollector) {
  constexpr size_t kThreads = 4, kStrata = 3;
  constexpr int64_t kRows = 60'000;
  StratumCounts counts(kThreads, kStrata, kPane);
  std::atomic<size_t> running{kThreads};
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&counts, &running, thread] {
      for (int64_t row = 0; row < kRows; ++row) counts.Count(thread, static_cast<int>(row % kStrata), row / 100, 1);
      --running;
    });
  }
  std::map<int, uint64_t> collected;
  int64_t now = 0;
  while (running > 0) {
    for (const auto& gain : counts.Collect(now += 10)) collected[gain.stratum] += gain.rows;
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t round = 0; round <= StratumCounts::kRounds; ++round) {
    for (const auto& gain : counts.Collect(now += kPane)) collected[gain.stratum] += gain.rows;
  }
  for (int stratum = 0; stratum < static_cast<int>(kStrata); ++stratum) {
    EXPECT_EQ(collected[stratum], kThreads * kRows / kStrata);
    EXPECT_EQ(counts.Total(stratum), kThreads * kRows / kStrata);
  }
}

}  // namespace
}  // namespace driftserve
