#include "drift/window.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::kHour;
using testing::kMinute;
using testing::NumericReference;
using testing::Random;

class WindowTest : public ::testing::Test {
 protected:
  WindowTest() : reference_(NumericReference({1, 2, 3, 4, 5, 6, 7, 8, 9, 10})) {}

  Window Make(WindowSettings settings = {kHour, 60, 64u << 20}) const {
    return Window(reference_, {"a", "b"}, settings);
  }

  static bool Add(Window& window, std::int64_t time_ns, int stratum, double x, double probability = 1, int rule = 1) {
    const Value row[] = {Value::Double(x)};
    return window.Add(time_ns, stratum, probability, rule, row);
  }

  // Seen, kept and the sum of cell counts over all panes of a stratum.
  struct Sums {
    std::uint64_t seen = 0, kept = 0, dropped = 0, cells = 0, bins = 0;
  };
  static Sums Sum(const Window& window, std::size_t stratum) {
    Sums sums;
    for (const Pane& pane : window.panes()) {
      const StratumPane& part = pane.strata[stratum];
      sums.seen += part.seen;
      sums.kept += part.kept;
      sums.dropped += part.dropped;
      part.cells.Visit(window.layout(), [&](std::size_t, std::uint32_t count) { sums.cells += count; });
      sums.bins += std::accumulate(part.bins.begin(), part.bins.end(), std::uint64_t{0});
    }
    return sums;
  }

  const std::shared_ptr<const Reference> reference_;
};

TEST_F(WindowTest, OldPanesExpireAndTheirCountsStayInTheTotals) {
  Window window = Make();
  for (int minute = 0; minute < 90; ++minute) {
    window.CountSeen(minute * kMinute, 0, 10);
    ASSERT_TRUE(Add(window, minute * kMinute, 0, 5));
  }
  EXPECT_EQ(window.panes().size(), 60u);
  EXPECT_EQ(Sum(window, 0).seen, 600u);
  EXPECT_EQ(Sum(window, 0).kept, 60u);
  EXPECT_EQ(window.totals(0)[0].panes, 60u);
  window.Advance(3 * kHour);
  EXPECT_TRUE(window.panes().empty());
  EXPECT_TRUE(window.totals(0).empty());
  const auto counts = window.Cumulative();
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].rule_version, 1);  // rows seen before the first rule was stated are its own
  EXPECT_EQ(counts[0].seen, 900u);
  EXPECT_EQ(counts[0].kept, 90u);
}

TEST_F(WindowTest, TimeGoingBackwardsWithinTheWindowIsCountedInItsPane) {
  Window window = Make();
  ASSERT_TRUE(Add(window, kHour, 0, 5));
  ASSERT_TRUE(Add(window, kHour - 30 * kMinute, 0, 6));
  EXPECT_EQ(window.panes().front().slot, 30);
  EXPECT_EQ(window.panes().back().slot, 60);
  EXPECT_FALSE(Add(window, kHour - 61 * kMinute, 0, 7));
  window.CountSeen(-kHour, 1, 3);
  window.CountDropped(-kHour, 1, 4);
  EXPECT_EQ(window.counters().late_rows, 1u);
  EXPECT_EQ(window.counters().late_seen, 7u);
  EXPECT_EQ(Sum(window, 0).kept, 2u);
}

TEST_F(WindowTest, RefusedRowsAreCountedByReason) {
  Window window = Make();
  const Value text[] = {Value::Text("x")};
  EXPECT_FALSE(window.Add(0, 0, 1, 1, text));
  EXPECT_EQ(window.counters().unreadable_rows, 1u);
  EXPECT_EQ(Sum(window, 0).dropped, 1u);  // selected, and lost
  EXPECT_FALSE(Add(window, 0, 2, 1));
  EXPECT_FALSE(Add(window, 0, -1, 1));
  EXPECT_FALSE(Add(window, 0, 0, 1, 0.0));
  EXPECT_FALSE(Add(window, 0, 0, 1, 1.5));
  EXPECT_FALSE(Add(window, 0, 0, 1, std::nan("")));
  EXPECT_FALSE(window.Add(0, 0, 1, 1, {}));
  EXPECT_EQ(window.counters().invalid_rows, 6u);
  EXPECT_EQ(Sum(window, 0).kept, 0u);
}

TEST_F(WindowTest, AChangeOfRatesClosesThePane) {
  Window window = Make();
  const double before[] = {1.0, 0.5}, after[] = {1.0, 0.1};
  window.SetRates(0, before, 1);
  window.CountSeen(0, 1, 100);
  ASSERT_TRUE(Add(window, 0, 1, 5, 0.5, 1));
  window.SetRates(30 * testing::kSecond, after, 2);
  window.CountSeen(30 * testing::kSecond, 1, 100);
  ASSERT_TRUE(Add(window, 30 * testing::kSecond, 1, 5, 0.1, 2));
  ASSERT_TRUE(Add(window, 31 * testing::kSecond, 1, 5, 0.5, 1));  // decided before the change
  ASSERT_EQ(window.panes().size(), 2u);
  EXPECT_EQ(window.panes()[0].strata[1].kept, 2u);
  EXPECT_EQ(window.panes()[0].strata[1].probability, 0.5);
  EXPECT_EQ(window.panes()[0].strata[1].seen, 100u);
  EXPECT_EQ(window.panes()[1].strata[1].kept, 1u);
  EXPECT_EQ(window.panes()[1].strata[1].probability, 0.1);
  EXPECT_EQ(window.panes()[1].strata[1].seen, 100u);
  EXPECT_EQ(window.totals(1).size(), 2u);
}

TEST_F(WindowTest, DroppedRowsLowerTheProbability) {
  Window window = Make();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(Add(window, 0, 0, 5, 0.2));
  ASSERT_TRUE(window.panes()[0].strata[0].in_totals);
  window.CountDropped(0, 0, 10);
  EXPECT_DOUBLE_EQ(window.panes()[0].strata[0].EffectiveProbability(), 0.2 * 30 / 40);
  EXPECT_FALSE(window.panes()[0].strata[0].in_totals);
  EXPECT_TRUE(window.totals(0).empty());
  ASSERT_TRUE(Add(window, 0, 0, 5, 0.2));
  EXPECT_DOUBLE_EQ(window.panes()[0].strata[0].EffectiveProbability(), 0.2 * 31 / 41);
}

TEST_F(WindowTest, TooManyRatesInOnePaneAreMixedAndCounted) {
  Window window = Make();
  double inverse = 0;
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(Add(window, 0, 0, 5, i / 100.0, i));
    inverse += 100.0 / i;
  }
  EXPECT_EQ(window.panes().size(), 8u);
  EXPECT_EQ(window.counters().mixed_rates, 92u);
  double estimated = 0;
  for (const Pane& pane : window.panes()) {
    estimated += static_cast<double>(pane.strata[0].kept) / pane.strata[0].EffectiveProbability();
  }
  EXPECT_NEAR(estimated, inverse, 1e-9 * inverse);
}

TEST_F(WindowTest, CountsBecomeDenseWhereThatIsSmaller) {
  Window window = Make({kHour, 2, 64u << 20});
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(Add(window, 0, 0, i % 12));
  EXPECT_TRUE(window.panes()[0].strata[0].cells.dense());
  EXPECT_EQ(Sum(window, 0).cells, 5000u);
  EXPECT_EQ(Sum(window, 0).bins, 5000u);
  EXPECT_LT(window.bytes(), 2000u);
}

TEST_F(WindowTest, TheByteLimitCoarsensPanesAndLosesNoRow) {
  Random random(7);
  std::vector<double> values;
  for (int i = 0; i < 5000; ++i) values.push_back(random.Normal());
  Window window(NumericReference(values), {"a", "b"}, {kHour, 60, 100'000});
  const int rows = 60'000;
  for (int i = 0; i < rows; ++i) {
    const std::int64_t time = kHour * i / rows;
    window.CountSeen(time, i % 2, 1);
    ASSERT_TRUE(Add(window, time, i % 2, random.Normal()));
    ASSERT_LE(window.bytes(), 100'000u);
  }
  EXPECT_GE(window.counters().coarsenings, 1u);
  EXPECT_GT(window.pane_length_ns(), kMinute);
  for (const std::size_t stratum : {0, 1}) {
    EXPECT_EQ(Sum(window, stratum).seen, 30'000u);
    EXPECT_EQ(Sum(window, stratum).cells, 30'000u);
    std::uint64_t totals = 0;
    for (const auto& part : window.totals(static_cast<int>(stratum))) {
      totals += std::accumulate(part.counts.begin(), part.counts.end(), std::uint64_t{0});
    }
    EXPECT_EQ(totals, 30'000u);
  }
}

TEST_F(WindowTest, MergeAddsAnotherReplicaAndKeepsRulesApart) {
  Window first = Make(), second = Make();
  ASSERT_TRUE(Add(first, kMinute, 0, 3, 0.5, 1));
  first.CountSeen(kMinute, 0, 2);
  ASSERT_TRUE(Add(second, kMinute, 0, 4, 0.5, 1));
  ASSERT_TRUE(Add(second, 2 * kMinute, 0, 4, 0.25, 2));
  second.CountSeen(2 * kMinute, 0, 4);
  ASSERT_FALSE(first.Merge(second));
  ASSERT_EQ(first.panes().size(), 2u);
  EXPECT_EQ(first.panes()[0].strata[0].kept, 2u);
  EXPECT_EQ(first.panes()[1].rule_version, 2);
  EXPECT_EQ(Sum(first, 0).seen, 6u);
  EXPECT_EQ(first.last_row_ns(), 2 * kMinute);
}

TEST_F(WindowTest, MergeRefusesWhatIsNotTheSameWindow) {
  Window window = Make();
  EXPECT_TRUE(window.Merge(Window(NumericReference({1, 2}), {"a", "b"}, {kHour, 60, 64u << 20})));
  EXPECT_TRUE(window.Merge(Window(reference_, {"a", "c"}, {kHour, 60, 64u << 20})));
  EXPECT_TRUE(window.Merge(Make({2 * kHour, 60, 64u << 20})));
}

TEST_F(WindowTest, MergeOfACoarseWindowCoarsens) {
  Window fine = Make();
  Window coarse(reference_, {"a", "b"}, {kHour, 60, 4'000});
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(Add(fine, i * 6 * testing::kSecond, 0, 4));
    ASSERT_TRUE(Add(coarse, i * 6 * testing::kSecond, 0, 5));
  }
  ASSERT_GT(coarse.pane_length_ns(), fine.pane_length_ns());
  ASSERT_FALSE(fine.Merge(coarse));
  EXPECT_EQ(fine.pane_length_ns(), coarse.pane_length_ns());
  EXPECT_EQ(Sum(fine, 0).kept, 1200u);
  ASSERT_FALSE(coarse.Merge(Make()));
}

}  // namespace
}  // namespace drift
