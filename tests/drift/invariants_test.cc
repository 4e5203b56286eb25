#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "drift/evaluator.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::kHour;
using testing::kMinute;
using testing::Random;

struct Row {
  std::int64_t time_ns;
  int stratum;
  double x;
};

constexpr double kRates[] = {1.0, 0.2};

void Feed(Window& window, const std::vector<Row>& rows) {
  window.SetRates(0, kRates, 1);
  for (const Row& row : rows) {
    const Value values[] = {Value::Double(row.x)};
    window.CountSeen(row.time_ns, row.stratum, row.stratum == 0 ? 1 : 5);
    ASSERT_TRUE(window.Add(row.time_ns, row.stratum, kRates[row.stratum], 1, values));
  }
}

std::vector<Row> DrawRows(Random& random, int count, double shift) {
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) {
    rows.push_back({kHour / count * i, random.Uniform() < 0.4 ? 0 : 1, random.Normal() + shift});
  }
  return rows;
}

std::vector<double> DrawReference(Random& random, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(random.Normal());
  return values;
}

Evaluation Judge(const std::shared_ptr<const Reference>& reference, const Window& window) {
  EvaluatorSettings settings;
  settings.decision.observation_period_ns = 0;
  settings.measures = {Measure::kPsi,       Measure::kKs,        Measure::kWasserstein, Measure::kJensenShannon,
                       Measure::kHellinger, Measure::kLInfinity, Measure::kChiSquare};
  return Evaluator(reference, settings, 0).Evaluate(window, kHour - 1);
}

void ExpectEqual(const Evaluation& a, const Evaluation& b, double tolerance) {
  const FeatureResult &x = a.population.features[0], &y = b.population.features[0];
  ASSERT_EQ(x.ready, y.ready);
  EXPECT_EQ(a.population.rows_seen, b.population.rows_seen);
  EXPECT_EQ(x.kept_rows, y.kept_rows);
  EXPECT_NEAR(x.design_effect, y.design_effect, tolerance);
  ASSERT_EQ(x.measures.size(), y.measures.size());
  for (std::size_t i = 0; i < x.measures.size(); ++i) {
    EXPECT_NEAR(x.measures[i].value, y.measures[i].value, tolerance) << Name(x.measures[i].measure);
    EXPECT_NEAR(x.measures[i].p_value.value_or(0), y.measures[i].p_value.value_or(0), 1e-6);
  }
}

TEST(InvariantsTest, MergeOfTwoWindowsIsTheWindowOfTheUnion) {
  Random random(1);
  for (int round = 0; round < 10; ++round) {
    const auto reference = testing::NumericReference(DrawReference(random, 2000));
    const WindowSettings settings = {kHour, 60, 64u << 20};
    Window one(reference, {"a", "b"}, settings), other(reference, {"a", "b"}, settings);
    Window all(reference, {"a", "b"}, settings);
    const std::vector<Row> rows = DrawRows(random, 3000, 0.3);
    std::vector<Row> odd, even;
    for (std::size_t i = 0; i < rows.size(); ++i) (i % 2 == 0 ? even : odd).push_back(rows[i]);
    Feed(one, even);
    Feed(other, odd);
    Feed(all, rows);
    ASSERT_FALSE(one.Merge(other));
    ExpectEqual(Judge(reference, one), Judge(reference, all), 1e-12);
  }
}

TEST(InvariantsTest, MergeOfManyReplicasIsTheWindowOfTheUnionInAnyOrder) {
  // Five replicas, two of which learnt of the new rates later; one window has reached its limit.
  Random random(8);
  const auto reference = testing::NumericReference(DrawReference(random, 2000));
  const auto make = [&](std::size_t limit) { return Window(reference, {"a", "b"}, {kHour, 60, limit}); };
  std::vector<Window> replicas;
  for (int i = 0; i < 5; ++i) replicas.push_back(make(i == 3 ? 20'000 : 64u << 20));
  Window all = make(64u << 20);
  for (int i = 0; i < 9000; ++i) {
    const std::int64_t time = kHour / 9000 * i;
    const std::size_t which = random.Below(5);
    const bool changed = time > (which < 2 ? 31 : 30) * kMinute;
    const int stratum = random.Uniform() < 0.4 ? 0 : 1;
    const double rate = stratum == 0 ? 1.0 : (changed ? 0.5 : 0.2);
    const Value values[] = {Value::Double(random.Normal() + 0.3)};
    for (Window* window : {&replicas[which], &all}) {
      window->CountSeen(time, stratum, stratum == 0 ? 1 : (changed ? 2 : 5));
      ASSERT_TRUE(window->Add(time, stratum, rate, changed ? 2 : 1, values));
    }
  }
  ASSERT_GT(replicas[3].counters().coarsenings, 0u);
  Window forward = make(64u << 20), backward = make(64u << 20);
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    ASSERT_FALSE(forward.Merge(replicas[i]));
    ASSERT_FALSE(backward.Merge(replicas[replicas.size() - 1 - i]));
  }
  ExpectEqual(Judge(reference, forward), Judge(reference, backward), 1e-12);
  // The union's own panes are finer, so that only what does not come from panes is the same.
  const FeatureResult merged = Judge(reference, forward).population.features[0];
  const FeatureResult whole = Judge(reference, all).population.features[0];
  EXPECT_EQ(merged.kept_rows, whole.kept_rows);
  for (std::size_t b = 0; b < whole.bins.size(); ++b) {
    EXPECT_NEAR(*merged.bins[b].current_share, *whole.bins[b].current_share, 1e-12) << b;
  }
}

TEST(InvariantsTest, TheOrderOfRowsWithinAPaneDoesNotMatter) {
  Random random(2);
  const auto reference = testing::NumericReference(DrawReference(random, 2000));
  std::vector<Row> rows = DrawRows(random, 4000, 0.3);
  for (Row& row : rows) row.time_ns = row.time_ns / kMinute * kMinute;
  Window first(reference, {"a", "b"}, {}), second(reference, {"a", "b"}, {});
  Feed(first, rows);
  for (std::size_t i = rows.size() - 1; i > 0; --i) std::swap(rows[i], rows[random.Below(i + 1)]);
  Feed(second, rows);
  ExpectEqual(Judge(reference, first), Judge(reference, second), 1e-12);
}

TEST(InvariantsTest, AMonotoneMapChangesNeitherPsiNorKs) {
  Random random(3);
  const std::vector<double> values = DrawReference(random, 3000);
  const std::vector<Row> rows = DrawRows(random, 3000, 0.4);
  const auto map = [](double x) { return std::ldexp(x, 40) + (x > 0 ? x * 1e20 : 0); };
  std::vector<double> mapped_values;
  std::vector<Row> mapped_rows = rows;
  for (const double value : values) mapped_values.push_back(map(value));
  for (Row& row : mapped_rows) row.x = map(row.x);
  const auto reference = testing::NumericReference(values), mapped = testing::NumericReference(mapped_values);
  Window window(reference, {"a", "b"}, {}), mapped_window(mapped, {"a", "b"}, {});
  Feed(window, rows);
  Feed(mapped_window, mapped_rows);
  const Evaluation a = Judge(reference, window), b = Judge(mapped, mapped_window);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(a.population.features[0].measures[i].value, b.population.features[0].measures[i].value);
  }
}

TEST(InvariantsTest, BoundsOfTheMeasures) {
  Random random(4);
  for (int round = 0; round < 60; ++round) {
    const auto reference = testing::NumericReference(DrawReference(random, 200 + static_cast<int>(random.Below(3000))));
    Window window(reference, {"a", "b"}, {});
    Feed(window, DrawRows(random, 2000, round % 3 == 0 ? 0 : 3 * random.Normal()));
    const Evaluation evaluation = Judge(reference, window);
    for (const MeasureResult& result : evaluation.population.features[0].measures) {
      EXPECT_GE(result.value, 0) << Name(result.measure);
      if (result.measure == Measure::kKs) {
        EXPECT_LE(result.value, *result.value_upper);
      }
      if (result.measure == Measure::kKs) {
        EXPECT_LE(*result.value_upper, 1);
      }
      if (result.measure == Measure::kHellinger || result.measure == Measure::kLInfinity) {
        EXPECT_LE(result.value, 1);
      }
      if (result.warn_threshold) {
        EXPECT_LE(*result.warn_threshold, *result.alert_threshold + 1e-9);
      }
    }
  }
}

// A shift of the mean in so many rows: the state after three evaluations.
State StateAfterShift(double shift, int rows) {
  Random random(5);
  const auto reference = testing::NumericReference(DrawReference(random, 20'000));
  Window window(reference, {"a", "b"}, {});
  Feed(window, DrawRows(random, rows, shift));
  EvaluatorSettings settings;
  settings.decision.observation_period_ns = 0;
  Evaluator evaluator(reference, settings, 0);
  Evaluation evaluation;
  for (int i = 0; i < 3; ++i) evaluation = evaluator.Evaluate(window, kHour - 1);
  EXPECT_TRUE(evaluation.population.features[0].ready) << rows;
  return evaluation.population.features[0].state;
}

TEST(InvariantsTest, DetectionLimitsAreBracketed) {
  // The same shift, undetected at one sample size and detected at the next; a smaller one at neither.
  EXPECT_EQ(StateAfterShift(0.42, 400), State::kStable);  // PSI 0.17, between the levels
  EXPECT_EQ(StateAfterShift(0.42, 20'000), State::kWarning);
  EXPECT_EQ(StateAfterShift(0.6, 400), State::kWarning);  // PSI 0.35
  EXPECT_EQ(StateAfterShift(0.6, 20'000), State::kDrifted);
  EXPECT_EQ(StateAfterShift(0.2, 20'000), State::kStable);  // PSI 0.04, within the tolerance
}

}  // namespace
}  // namespace drift
