#include "drift/blocks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "drift/evaluator.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::NumericReference;
using testing::Random;
using testing::Replications;

std::vector<double> Normals(Random& random, std::size_t rows, double mean = 0) {
  std::vector<double> values(rows);
  for (double& value : values) value = mean + random.Normal();
  return values;
}

// A batch of one numeric feature, with what the rows carry beside it.
struct Batch {
  std::vector<double> values;
  std::vector<std::int64_t> order;  // empty: as they come
  std::vector<std::uint32_t> strata;
  std::vector<double> probabilities;
};

Blocks Count(const std::shared_ptr<const Layout>& layout, const Batch& batch, std::size_t run = 1000) {
  Blocks blocks(layout);
  for (const char* name : {"a", "b"}) {
    if (!batch.strata.empty()) blocks.Stratum(name);
  }
  std::vector<std::int64_t> order = batch.order;
  if (order.empty()) {
    order.resize(batch.values.size());
    std::iota(order.begin(), order.end(), 0);
  }
  for (std::size_t at = 0; at < batch.values.size(); at += run) {
    const std::size_t rows = std::min(run, batch.values.size() - at);
    const auto part = [&](const auto& column) {
      return column.empty() ? std::span(column) : std::span(column).subspan(at, rows);
    };
    std::vector<std::vector<std::uint32_t>> cells(1);
    for (std::size_t i = at; i < at + rows; ++i) {
      cells[0].push_back(*layout->feature(0).CellOf(Value::Double(batch.values[i])));
    }
    blocks.Add({part(std::as_const(order)), part(batch.strata), part(batch.probabilities), cells});
  }
  return blocks;
}

Evaluation Judge(const std::shared_ptr<const Reference>& reference, const Blocks& blocks) {
  return Evaluator(reference, BatchSettings({}), 0).Evaluate(blocks, 0);
}

const MeasureResult& Measured(const ViewResult& view, Measure measure) {
  const auto& measures = view.features[0].measures;
  return *std::find_if(measures.begin(), measures.end(), [&](const auto& m) { return m.measure == measure; });
}

double DistanceOf(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double largest = 0;
  for (const auto* side : {&a, &b}) {
    for (const double x : *side) {
      const auto below = [x](const std::vector<double>& values) {
        return static_cast<double>(std::upper_bound(values.begin(), values.end(), x) - values.begin()) /
               static_cast<double>(values.size());
      };
      largest = std::max(largest, std::fabs(below(a) - below(b)));
    }
  }
  return largest;
}

TEST(BlocksTest, EndsWithBetweenSixtyAndAHundredAndTwentyBlocksWhateverTheRows) {
  Random random(1);
  const auto layout = std::make_shared<const Layout>(NumericReference(Normals(random, 1000)));
  for (const std::size_t rows : {61u, 120u, 121u, 5000u, 100'000u}) {
    const Blocks blocks = Count(layout, {Normals(random, rows), {}, {}, {}});
    EXPECT_EQ(blocks.rows(), rows);
    EXPECT_GE(blocks.size(), 60u) << rows;
    EXPECT_LE(blocks.size(), Blocks::kMostBlocks) << rows;
  }
}

TEST(BlocksTest, KsOfRankCellsIsTheDistanceOfTheTwoSamples) {
  Random random(2);
  const std::vector<double> old = Normals(random, 400), now = Normals(random, 777, 0.2);
  const auto reference = NumericReference(old);
  const Evaluation evaluation = Judge(reference, Count(std::make_shared<const Layout>(reference), {now, {}, {}, {}}));
  EXPECT_DOUBLE_EQ(Measured(evaluation.population, Measure::kKs).value, DistanceOf(old, now));
  EXPECT_EQ(evaluation.population.rows_kept, 777);
  EXPECT_EQ(evaluation.population.rows_seen, 777);
}

TEST(BlocksTest, NeitherTheOrderOfRowsNorTheRunsTheyComeInMatter) {
  Random random(3);
  const auto reference = NumericReference(Normals(random, 2000));
  const auto layout = std::make_shared<const Layout>(reference);
  Batch batch{Normals(random, 3000, 0.3), {}, {}, {}};
  for (std::size_t i = 0; i < 3000; ++i) {
    batch.order.push_back(static_cast<std::int64_t>(i * i) - 4'000'000);  // times before 1970 too
    batch.strata.push_back(random.Below(2));
    batch.probabilities.push_back(batch.strata.back() == 0 ? 1 : 0.25);
  }
  Batch shuffled = batch;
  for (std::size_t i = 2999; i > 0; --i) {
    const std::size_t j = random.Below(i + 1);
    std::swap(shuffled.values[i], shuffled.values[j]);
    std::swap(shuffled.order[i], shuffled.order[j]);
    std::swap(shuffled.strata[i], shuffled.strata[j]);
    std::swap(shuffled.probabilities[i], shuffled.probabilities[j]);
  }
  const Blocks one = Count(layout, batch), other = Count(layout, shuffled, 7);
  ASSERT_EQ(one.size(), other.size());
  for (std::size_t b = 0; b < one.size(); ++b) EXPECT_EQ(one.begin_of(b), other.begin_of(b));
  const Evaluation a = Judge(reference, one), b = Judge(reference, other);
  for (const Measure measure : {Measure::kPsi, Measure::kKs}) {
    EXPECT_NEAR(Measured(a.population, measure).value, Measured(b.population, measure).value, 1e-12);
    EXPECT_NEAR(*Measured(a.population, measure).p_value, *Measured(b.population, measure).p_value, 1e-9);
    EXPECT_NEAR(Measured(a.strata[1], measure).value, Measured(b.strata[1], measure).value, 1e-12);
  }
  EXPECT_NEAR(a.population.rows_seen, static_cast<double>(std::count(batch.strata.begin(), batch.strata.end(), 0u)) +
                                          4.0 * static_cast<double>(std::count(batch.strata.begin(),
                                                                               batch.strata.end(), 1u)),
              1e-6);
}

// Ten per cent of the traffic kept at 1, the rest at 0.01, and no drift: plain counting says PSI 0.6. Known are the
// probabilities alone.
TEST(BlocksTest, ProbabilitiesAloneUndoUnequalSampling) {
  Random random(4);
  const int replications = Replications(400);
  int rejected = 0;
  double sum = 0;
  for (int r = 0; r < replications; ++r) {
    const auto draw = [&random](bool important) { return (important ? 2.0 : 0.0) + random.Normal(); };
    std::vector<double> old;
    for (int i = 0; i < 4000; ++i) old.push_back(draw(random.Below(10) == 0));
    Batch batch;
    for (int i = 0; i < 60'000; ++i) {
      const bool important = random.Below(10) == 0;
      if (!important && random.Below(100) != 0) continue;
      batch.values.push_back(draw(important));
      batch.probabilities.push_back(important ? 1 : 0.01);
    }
    const auto reference = NumericReference(old, 100);
    const Evaluation evaluation = Judge(reference, Count(std::make_shared<const Layout>(reference), batch));
    ASSERT_TRUE(evaluation.population.features[0].ready) << evaluation.population.features[0].reason;
    sum += *Measured(evaluation.population, Measure::kPsi).bias_corrected;
    rejected += *Measured(evaluation.population, Measure::kPsi).p_value_no_drift < 0.05 ? 1 : 0;
  }
  EXPECT_NEAR(sum / replications, 0, 0.01);
  if (replications < 400) return;
  EXPECT_GE(rejected, 8);
  EXPECT_LE(rejected, 32);
}

TEST(BlocksTest, ManyRatesAreRoundedAndCountedAndStillWeighRight) {
  Random random(5);
  const auto reference = NumericReference(Normals(random, 2000));
  Batch batch;
  double weight = 0, above = 0;
  for (int i = 0; i < 5000; ++i) {
    const double value = random.Normal();
    batch.values.push_back(value);
    batch.probabilities.push_back(std::min(1.0, 0.05 + random.Uniform() * (value > 0 ? 1.0 : 0.2)));
    weight += 1 / batch.probabilities.back();
    above += value > 0 ? 1 / batch.probabilities.back() : 0;
  }
  const Blocks blocks = Count(std::make_shared<const Layout>(reference), batch);
  EXPECT_GT(blocks.rounded_rates(), 4000u);
  const View view = blocks.Population();
  EXPECT_NEAR(view.seen / weight, 1, 0.01);
  double counted = 0;
  for (const Term& term : view.terms) counted += term.weight * static_cast<double>(term.pane->kept);
  EXPECT_NEAR(counted, view.seen, 1e-6 * view.seen);
  batch.probabilities.assign(batch.values.size(), 0.5);
  EXPECT_EQ(Count(std::make_shared<const Layout>(reference), batch).rounded_rates(), 0u);
}

TEST(BlocksTest, BurstsOfAlikeRowsAreWorthLessThanTheirNumber) {
  Random random(6);
  const auto reference = NumericReference(Normals(random, 5000));
  Batch batch;
  for (int burst = 0; burst < 600; ++burst) {
    const double level = random.Normal();
    for (int i = 0; i < 20; ++i) batch.values.push_back(level);
  }
  const FeatureResult feature =
      Judge(reference, Count(std::make_shared<const Layout>(reference), batch)).population.features[0];
  EXPECT_GT(feature.design_effect, 10);
  EXPECT_LT(feature.effective_samples, 1200);
}

TEST(BlocksTest, AStretchHasTheRowsOfItsBlocks) {
  Random random(7);
  const auto layout = std::make_shared<const Layout>(NumericReference(Normals(random, 1000)));
  const Blocks blocks = Count(layout, {Normals(random, 6400), {}, {}, {}});
  double rows = 0;
  for (std::size_t b = 0; b < blocks.size(); b += 7) rows += blocks.Stretch(b, std::min(b + 7, blocks.size())).kept;
  EXPECT_EQ(rows, 6400);
  const std::vector<std::uint64_t> cells = blocks.PlainCells();
  EXPECT_EQ(std::accumulate(cells.begin(), cells.end(), std::uint64_t{0}), 6400u);
}

TEST(BlocksTest, NoRowsAreNotReady) {
  Random random(8);
  const auto reference = NumericReference(Normals(random, 1000));
  const Evaluation evaluation = Judge(reference, Blocks(std::make_shared<const Layout>(reference)));
  EXPECT_FALSE(evaluation.population.features[0].ready);
  EXPECT_EQ(evaluation.model_state, State::kWarming);
}

}  // namespace
}  // namespace drift
