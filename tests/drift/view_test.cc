#include "drift/view.h"

#include <gtest/gtest.h>

#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::kHour;
using testing::kMinute;

class ViewTest : public ::testing::Test {
 protected:
  ViewTest() : reference_(testing::NumericReference({1, 2, 3, 4})) {}

  void Keep(Window& window, int stratum, double probability, int rows, std::int64_t time_ns = 0) const {
    const Value row[] = {Value::Double(2)};
    for (int i = 0; i < rows; ++i) ASSERT_TRUE(window.Add(time_ns, stratum, probability, 1, row));
  }

  const std::shared_ptr<const Reference> reference_;
};

TEST_F(ViewTest, WeightsAreRowsSeenPerRowKept) {
  Window window(reference_, {"vip", "plain"}, {kHour, 60, 64u << 20});
  const double rates[] = {1.0, 0.01};
  window.SetRates(0, rates, 1);
  window.CountSeen(0, 0, 100);
  window.CountSeen(0, 1, 1000);
  Keep(window, 0, 1.0, 100);
  Keep(window, 1, 0.01, 8);
  const View view = PopulationView(window);
  ASSERT_EQ(view.groups.size(), 2u);
  EXPECT_EQ(view.seen, 1100);
  EXPECT_EQ(view.kept, 108);
  EXPECT_DOUBLE_EQ(view.terms[0].weight, 1);
  EXPECT_DOUBLE_EQ(view.terms[1].weight, 1000.0 / 8);
  EXPECT_FALSE(view.equal_weights);
  EXPECT_EQ(view.thin_reason, "");
}

TEST_F(ViewTest, AThinStratumJoinsTheNearestRateAndIsNamedAboveOnePercent) {
  Window window(reference_, {"vip", "plain", "thin"}, {kHour, 60, 64u << 20});
  const double rates[] = {1.0, 0.01, 0.02};
  window.SetRates(0, rates, 1);
  window.CountSeen(0, 0, 100);
  window.CountSeen(0, 1, 1000);
  window.CountSeen(0, 2, 200);  // 4 expected
  Keep(window, 0, 1.0, 100);
  Keep(window, 1, 0.01, 10);
  Keep(window, 2, 0.02, 6);  // more came; the rule does not look at that
  const View view = PopulationView(window);
  ASSERT_EQ(view.groups.size(), 2u);
  EXPECT_EQ(view.groups[1].seen, 1200);
  EXPECT_DOUBLE_EQ(view.terms[1].weight, 100 * 1200.0 / (1000 + 300));
  EXPECT_DOUBLE_EQ(view.terms[2].weight, 50 * 1200.0 / (1000 + 300));
  EXPECT_NEAR(view.thin_share, 200.0 / 1300, 1e-12);
  EXPECT_NE(view.thin_reason.find("'thin' with 200 rows, of which 4.0 are expected: a sampling rate of 0.025"),
            std::string::npos) << view.thin_reason;
}

TEST_F(ViewTest, DropsAreWeighedBack) {
  Window window(reference_, {"all"}, {kHour, 60, 64u << 20});
  window.CountSeen(0, 0, 100);
  window.CountSeen(kMinute, 0, 100);
  Keep(window, 0, 1.0, 100, 0);
  Keep(window, 0, 1.0, 50, kMinute);
  window.CountDropped(kMinute, 0, 50);
  const View view = PopulationView(window);
  ASSERT_EQ(view.terms.size(), 2u);
  EXPECT_DOUBLE_EQ(view.terms[0].weight, 1);
  EXPECT_DOUBLE_EQ(view.terms[1].weight, 2);
  EXPECT_FALSE(view.loose[0].weighted.empty());
}

TEST_F(ViewTest, WithoutCountsOfSeenRowsTheProbabilityAloneWeighs) {
  Window window(reference_, {"a", "b"}, {kHour, 60, 64u << 20});
  Keep(window, 0, 0.5, 10);
  Keep(window, 1, 0.1, 10);
  const View view = PopulationView(window);
  ASSERT_EQ(view.groups.size(), 1u);
  EXPECT_FALSE(view.mix_known);
  EXPECT_DOUBLE_EQ(view.seen, 120);
  EXPECT_DOUBLE_EQ(view.terms[0].weight, 2);
  EXPECT_DOUBLE_EQ(view.terms[1].weight, 10);
}

TEST_F(ViewTest, AStratumViewHasOneGroupAndEqualWeights) {
  Window window(reference_, {"a", "b"}, {kHour, 60, 64u << 20});
  window.CountSeen(0, 1, 40);
  Keep(window, 0, 0.5, 10);
  Keep(window, 1, 0.25, 10);
  const View view = StratumView(window, 1);
  EXPECT_EQ(view.seen, 40);
  EXPECT_EQ(view.kept, 10);
  EXPECT_TRUE(view.equal_weights);
}

TEST_F(ViewTest, AnEmptyWindowIsAnEmptyView) {
  const Window window(reference_, {"a"}, {kHour, 60, 64u << 20});
  const View view = PopulationView(window);
  EXPECT_EQ(view.kept, 0);
  EXPECT_EQ(view.slots, 0u);
}

}  // namespace
}  // namespace drift
