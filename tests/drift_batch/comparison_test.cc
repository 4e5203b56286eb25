#include "drift/batch/comparison.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drift/builder.h"
#include "tests/drift/simulation.h"
#include "tests/drift_batch/rows.h"

namespace drift {
namespace {

using testing::kHour;
using testing::MakeReference;
using testing::MemorySource;
using testing::Random;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kCities[] = {"Oslo", "Rome", "Lima"};
constexpr const char* kNewCities[] = {"Bonn", "Kyiv"};

/// A number and a city; `shift` moves the number, `unknown` is the share of cities that the reference lacks.
RowBatch Rows(Random& random, size_t rows, double shift = 0, double unknown = 0) {
  RowBatch batch;
  batch.rows = rows;
  batch.values.resize(2);
  for (size_t i = 0; i < rows; ++i) {
    batch.values[0].push_back(Value::Double(shift + random.Normal()));
    const bool is_new = random.Uniform() < unknown;
    batch.values[1].push_back(Value::Text(is_new ? kNewCities[random.Below(3) / 2] : kCities[random.Below(3)]));
  }
  return batch;
}

std::shared_ptr<const Reference> ReferenceOf(Random& random, BuilderSettings settings = {}) {
  const RowBatch batch = Rows(random, 5000);
  std::vector<std::vector<Value>> rows;
  for (size_t i = 0; i < batch.rows; ++i) rows.push_back({batch.values[0][i], batch.values[1][i]});
  return MakeReference({{"x", Role::kFeature, Dtype::kFloat64, Kind::kNumeric},
                        {"city", Role::kFeature, Dtype::kText, Kind::kCategorical}},
                       rows, settings);
}

ComparedBatch Compare(const std::shared_ptr<const Reference>& reference, RowBatch rows, size_t batch_rows = 1000) {
  MemorySource source(std::move(rows), batch_rows);
  auto compared = CompareBatch(reference, source, {});
  EXPECT_TRUE(compared.ok()) << compared.status();
  return *std::move(compared);
}

TEST(ComparisonTest, UnchangedRowsAreStableAndAShiftIsFound) {
  Random random(1);
  const auto reference = ReferenceOf(random);
  const Evaluation same = Compare(reference, Rows(random, 4000)).evaluation;
  EXPECT_EQ(same.model_state, State::kStable);
  EXPECT_THAT(same.warnings, ElementsAre("read from memory"));
  const Evaluation moved = Compare(reference, Rows(random, 4000, 1)).evaluation;
  EXPECT_EQ(moved.population.features[0].state, State::kDrifted);
  EXPECT_EQ(moved.population.features[1].state, State::kStable);
  EXPECT_EQ(moved.drifted_share, 0.5);
}

TEST(ComparisonTest, CategoriesThatAppearedAreNamedLargestFirst) {
  Random random(2);
  const auto reference = ReferenceOf(random);
  EXPECT_THAT(Compare(reference, Rows(random, 4000)).appeared, IsEmpty());
  const auto appeared = Compare(reference, Rows(random, 20'000, 0, 0.3)).appeared;
  ASSERT_EQ(appeared.size(), 1u);
  const auto& cities = appeared.at("city");
  ASSERT_EQ(cities.size(), 2u);
  EXPECT_EQ(cities[0].value, "Bonn");
  EXPECT_NEAR(cities[0].share, 0.2, 0.01);
  EXPECT_EQ(cities[1].value, "Kyiv");
  EXPECT_NEAR(cities[1].share, 0.1, 0.01);
}

TEST(ComparisonTest, SharesOfAppearedCategoriesAreWeighted) {
  Random random(3);
  RowBatch rows = Rows(random, 1000);
  for (size_t i = 0; i < 100; ++i) rows.values[1][i] = Value::Text("Bonn");
  rows.inclusion_probabilities.assign(1000, 1);
  for (size_t i = 0; i < 100; ++i) rows.inclusion_probabilities[i] = 0.1;
  EXPECT_NEAR(Compare(ReferenceOf(random), rows).appeared.at("city")[0].share, 1000.0 / 1900, 1e-12);
}

TEST(ComparisonTest, TheHashKnowsTheValuesAndNotTheBatches) {
  Random random(4);
  const auto reference = ReferenceOf(random);
  RowBatch rows = Rows(random, 3000);
  const std::string hash = Compare(reference, rows).current.hash;
  EXPECT_EQ(hash.size(), 32u);
  EXPECT_EQ(Compare(reference, rows, 77).current.hash, hash);
  rows.values[0][1234] = Value::Missing();
  EXPECT_NE(Compare(reference, rows).current.hash, hash);
}

TEST(ComparisonTest, TheCourseOfPsiShowsWhenAShiftBegan) {
  Random random(5);
  const auto reference = ReferenceOf(random);
  RowBatch rows = Rows(random, 20'000);
  for (size_t i = 0; i < rows.rows; ++i) {
    rows.times_ns.push_back(static_cast<int64_t>(i) * kHour / 100);
    if (i >= 10'000) rows.values[0][i] = Value::Double(1 + random.Normal());
  }
  const auto history = Compare(reference, rows).history;
  ASSERT_GE(history.size(), 30u);
  for (const HistoryPoint& point : history) {
    const bool before = point.time_ns < 95 * kHour, after = point.time_ns > 100 * kHour;
    EXPECT_TRUE(!before || point.psi[0] < 0.3) << point.time_ns / kHour << " h: " << point.psi[0];
    EXPECT_TRUE(!after || point.psi[0] > 0.5) << point.time_ns / kHour << " h: " << point.psi[0];
    EXPECT_LT(point.psi[1], 0.1);
  }
  rows.times_ns.clear();
  EXPECT_THAT(Compare(reference, rows).history, IsEmpty());
}

TEST(ComparisonTest, AStratumIsJudgedOnItsOwn) {
  Random random(6);
  RowBatch rows = Rows(random, 20'000);
  for (size_t i = 0; i < rows.rows; ++i) {
    rows.strata.push_back(i % 20 == 0 ? "vip" : "rest");
    if (i % 20 == 0) rows.values[0][i] = Value::Double(1 + random.Normal());
  }
  const Evaluation evaluation = Compare(ReferenceOf(random), rows).evaluation;
  EXPECT_EQ(evaluation.population.features[0].state, State::kStable);
  ASSERT_EQ(evaluation.strata.size(), 2u);
  EXPECT_EQ(evaluation.strata[0].stratum, "vip");
  EXPECT_EQ(evaluation.strata[0].features[0].state, State::kDrifted);
  EXPECT_EQ(evaluation.strata[1].features[0].state, State::kStable);
}

TEST(ComparisonTest, StrataBeyondTheLimitFoldIntoOneAndItSaysSo) {
  Random random(7);
  RowBatch rows = Rows(random, 2000);
  std::vector<std::string> names;
  for (size_t i = 0; i < 100; ++i) names.push_back("s" + std::to_string(i));
  for (size_t i = 0; i < rows.rows; ++i) rows.strata.push_back(names[i % 100]);
  const Evaluation evaluation = Compare(ReferenceOf(random), rows).evaluation;
  EXPECT_EQ(evaluation.strata.size(), RowCounter::kMostStrata);
  EXPECT_EQ(evaluation.strata.back().stratum, "other");
  EXPECT_EQ(evaluation.strata.back().rows_kept, 20 * 37);
  EXPECT_THAT(evaluation.warnings, Contains(HasSubstr("740 rows are of strata beyond the first 63")));
}

TEST(ComparisonTest, RowsThatSpanLessThanTheCycleAreWarnedOf) {
  Random random(8);
  BuilderSettings settings;
  settings.cycle_ns = 24 * kHour;
  RowBatch rows = Rows(random, 1000);
  for (size_t i = 0; i < rows.rows; ++i) rows.times_ns.push_back(static_cast<int64_t>(i));
  MemorySource source(rows);
  source.side_.last_ns = kHour;
  const auto compared = CompareBatch(ReferenceOf(random, settings), source, {});
  ASSERT_TRUE(compared.ok());
  EXPECT_THAT(compared->evaluation.warnings, Contains(HasSubstr("less than the reference's cycle of 1d")));
}

TEST(ComparisonTest, AValueThatTheDtypeCannotReadIsAnErrorThatNamesIt) {
  Random random(9);
  RowBatch rows = Rows(random, 1500);
  rows.values[0][1200] = Value::Text("warm");
  MemorySource source(rows);
  const auto compared = CompareBatch(ReferenceOf(random), source, {});
  EXPECT_EQ(compared.status().message(),
            "row 201 of its batch: column 'x': expected a number as the reference (FP64), got a text");
}

// The distance of the rows themselves, as one would get with a cell for every value.
TEST(ComparisonTest, WithTheReferencesRowsKsIsExact) {
  Random random(11);
  const RowBatch trained = Rows(random, 5000), rows = Rows(random, 3000, 0.1);
  const std::vector<ColumnSpec> specs = {{"x", Role::kFeature, Dtype::kFloat64, Kind::kNumeric},
                                         {"city", Role::kFeature, Dtype::kText, Kind::kCategorical}};
  BuilderSettings fine;
  fine.always_rank_cells = true;
  ReferenceBuilder coarse({}, specs), exact(fine, specs);
  ASSERT_FALSE(coarse.AddColumns(trained.values));
  ASSERT_FALSE(exact.AddColumns(trained.values));
  ComparisonSettings settings;
  const auto samples = std::make_shared<SortedSamples>();
  const auto reference = std::make_shared<const Reference>(coarse.Build(samples.get()).value());
  settings.reference_samples = samples;
  const auto ks_of = [&settings](const std::shared_ptr<const Reference>& profile, const RowBatch& compared) {
    MemorySource source(compared);
    return CompareBatch(profile, source, settings)->evaluation.population.features[0].measures[1];
  };
  const MeasureResult found = ks_of(reference, rows);
  RowBatch weighted = rows;
  weighted.inclusion_probabilities.assign(rows.rows, 0.5);
  const MeasureResult between_cells = ks_of(reference, weighted);
  settings.reference_samples = nullptr;
  const MeasureResult wanted = ks_of(std::make_shared<const Reference>(exact.Build().value()), rows);
  EXPECT_EQ(found.measure, Measure::kKs);
  EXPECT_EQ(found.value, wanted.value);
  EXPECT_EQ(found.value_upper, found.value);
  EXPECT_EQ(found.p_value_no_drift, wanted.p_value_no_drift);
  EXPECT_LE(between_cells.value, found.value);
  EXPECT_GE(*between_cells.value_upper, found.value);
  EXPECT_LT(between_cells.value, *between_cells.value_upper);
}

TEST(ComparisonTest, NoRowsAreAnError) {
  Random random(10);
  MemorySource source(RowBatch{});
  EXPECT_EQ(CompareBatch(ReferenceOf(random), source, {}).status().message(), "memory: expected rows, got none");
}

TEST(AppearedValuesTest, StaysSmallAndKeepsWhatIsFrequent) {
  AppearedValues values;
  for (int i = 0; i < 50'000; ++i) {
    values.Add("rare " + std::to_string(i), 1);
    if (i % 10 == 0) values.Add("frequent", 1);
  }
  const auto largest = values.Largest(3, 55'000);
  ASSERT_FALSE(largest.empty());
  EXPECT_EQ(largest[0].value, "frequent");
  EXPECT_LE(largest[0].share, 5000.0 / 55'000);
  EXPECT_GE(largest[0].share, 5000.0 / 55'000 - 1.0 / AppearedValues::kKept);
  EXPECT_LE(values.Largest(1'000'000, 1).size(), 2 * AppearedValues::kKept);
}

}  // namespace
}  // namespace drift
