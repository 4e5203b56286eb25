#include "drift/cell_estimate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "drift/ks.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::kHour;
using testing::Random;

class CellEstimateTest : public ::testing::Test {
 protected:
  CellEstimateTest() {
    std::vector<double> values;
    for (int i = 0; i < 2000; ++i) values.push_back(random_.Normal());
    reference_ = testing::NumericReference(values, 100);
  }

  Window MakeWindow(std::vector<std::string> strata) const { return Window(reference_, std::move(strata), {}); }

  // One kept row that stands for `stands_for`; without a value where x is empty.
  static void Add(Window& window, std::int64_t time, int stratum, std::uint64_t stands_for, std::optional<double> x) {
    const Value values[] = {x ? Value::Double(x.value_or(0)) : Value::Missing()};
    window.CountSeen(time, stratum, stands_for);
    ASSERT_TRUE(window.Add(time, stratum, 1.0 / static_cast<double>(stands_for), 1, values));
  }

  ReferenceSums Sums(const View& view) const {
    const auto rows = static_cast<double>(reference_->rows);
    return ReferenceSums(view.layout->feature(0), {reference_->features[0].cell_counts, rows, rows});
  }

  CellEstimate Estimate(const View& view, const ReferenceSums& sums) const {
    return EstimateCells(view, 0, sums, EstimateBins(view, 0, sums)).value();
  }

  Random random_{17};
  std::shared_ptr<const Reference> reference_;
};

TEST_F(CellEstimateTest, StrataOfOneRateAreOnePlainSample) {
  for (const double missing : {0.0, 0.1}) {
    Window one = MakeWindow({"all"}), two = MakeWindow({"a", "b"});
    for (int i = 0; i < 3000; ++i) {
      std::optional<double> x = random_.Normal() + 0.2;
      if (random_.Uniform() < missing) x.reset();
      Add(one, kHour / 3000 * i, 0, 1, x);
      Add(two, kHour / 3000 * i, i % 3 == 0 ? 0 : 1, 1, x);
    }
    const View whole = PopulationView(one), split = PopulationView(two);
    ASSERT_EQ(split.groups.size(), 2u);
    const ReferenceSums sums = Sums(whole);
    const CellEstimate expected = Estimate(whole, sums), estimate = Estimate(split, sums);
    EXPECT_EQ(estimate.current_below, expected.current_below);
    EXPECT_EQ(estimate.current_rows, expected.current_rows);
    EXPECT_NEAR(estimate.design_effect, expected.design_effect, 0.02);
    const KsTest whole_test(whole.layout->feature(0), expected), split_test(split.layout->feature(0), estimate);
    EXPECT_EQ(split_test.value(), whole_test.value());
    EXPECT_EQ(split_test.upper(), whole_test.upper());
  }
}

// F by adding the weights up row by row.
TEST_F(CellEstimateTest, WeightedSharesAreThoseOfAPlainSum) {
  Window window = MakeWindow({"all", "some"});
  std::vector<double> expected(window.layout().feature(0).cells() - 1, 0);
  double rows = 0;
  for (int i = 0; i < 2000; ++i) {
    const int stratum = i % 2;
    const std::uint64_t stands_for = stratum == 0 ? 1 : 5;
    const double x = random_.Normal() + stratum;
    Add(window, kHour / 2000 * i, stratum, stands_for, x);
    expected[*window.layout().feature(0).CellOf(Value::Double(x))] += static_cast<double>(stands_for);
    rows += static_cast<double>(stands_for);
  }
  const View view = PopulationView(window);
  const ReferenceSums sums = Sums(view);
  const CellEstimate estimate = Estimate(view, sums);
  EXPECT_FALSE(estimate.equal_weights);
  double below = 0;
  for (std::size_t b = 0; b < expected.size(); ++b) {
    below += expected[b];
    ASSERT_NEAR(estimate.F(b), below / rows, 1e-12) << b;
  }
  EXPECT_GT(estimate.largest_variance, 0.25 / estimate.kept);
}

// The variance over the panes is taken from the bins' where no value is missing, and else from the rows that have one.
TEST_F(CellEstimateTest, OneMissingValueHardlyMovesTheDesignEffect) {
  for (const std::uint64_t other_rate : {1, 4}) {
    Window complete = MakeWindow({"a", "b"}), with_missing = MakeWindow({"a", "b"});
    double level = 0;
    for (int i = 0; i < 6000; ++i) {
      if (i % 100 == 0) level = 0.5 * random_.Normal();  // the panes differ by more than chance
      const double x = random_.Normal() + level;
      Add(complete, kHour / 6000 * i, i % 2, i % 2 == 0 ? 1 : other_rate, x);
      Add(with_missing, kHour / 6000 * i, i % 2, i % 2 == 0 ? 1 : other_rate,
          i == 3000 ? std::nullopt : std::optional(x));
    }
    const View view = PopulationView(complete), view_with_missing = PopulationView(with_missing);
    const ReferenceSums sums = Sums(view);
    const double expected = Estimate(view, sums).design_effect;
    EXPECT_GT(expected, 2);
    EXPECT_NEAR(Estimate(view_with_missing, sums).design_effect / expected, 1, 0.01);
  }
}

}  // namespace
}  // namespace drift
