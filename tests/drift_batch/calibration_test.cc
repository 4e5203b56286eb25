#include "drift/batch/calibration.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drift/batch/cell_columns.h"
#include "drift/evaluator.h"
#include "tests/drift/simulation.h"
#include "tests/drift_batch/rows.h"

namespace drift {
namespace {

using testing::MakeReference;
using testing::MemorySource;
using testing::Random;
using testing::Replications;
using ::testing::HasSubstr;

constexpr size_t kRows = 1500;
constexpr double kWander = 0.25;  // standard deviation of a chunk's mean: stationary, but no two days are alike

/// A day: three numbers whose means wander, each on its own.
RowBatch Day(Random& random) {
  RowBatch batch;
  batch.rows = kRows;
  for (int f = 0; f < 3; ++f) {
    const double mean = kWander * random.Normal();
    std::vector<Value> values;
    for (size_t i = 0; i < kRows; ++i) values.push_back(Value::Double(mean + random.Normal()));
    batch.values.push_back(std::move(values));
  }
  return batch;
}

std::shared_ptr<const Reference> ReferenceOf(const std::vector<RowBatch>& days) {
  std::vector<std::vector<Value>> rows;
  for (const RowBatch& day : days) {
    for (size_t i = 0; i < day.rows; ++i) rows.push_back({day.values[0][i], day.values[1][i], day.values[2][i]});
  }
  return MakeReference({{"a", Role::kFeature, Dtype::kFloat64, Kind::kNumeric},
                        {"b", Role::kFeature, Dtype::kFloat64, Kind::kNumeric},
                        {"c", Role::kFeature, Dtype::kFloat64, Kind::kNumeric}},
                       rows);
}

std::unique_ptr<HistoryChunk> ChunkOf(const std::shared_ptr<const Layout>& layout, const RowBatch& day) {
  auto chunk = std::make_unique<HistoryChunk>(layout);
  CellColumns columns(layout);
  MemorySource source(day);
  EXPECT_TRUE(columns.Convert(day, source).ok());
  chunk->counter.Add(day, columns.cells(), 0, day.rows);
  return chunk;
}

bool AnyWarning(const Evaluation& evaluation, Measure measure) {
  for (const FeatureResult& feature : evaluation.population.features) {
    for (const MeasureResult& result : feature.measures) {
      const bool loud = result.state == State::kWarning || result.state == State::kDrifted;
      if (result.measure == measure && loud) return true;
    }
  }
  return false;
}

/// Calibrated on some days, held to others: the share of them that alarms, for PSI and KS.
std::pair<double, double> HeldOutRate(double rate, int days, int held_out, std::vector<CalibratedMeasure>& calibrated) {
  Random random(11);
  std::vector<RowBatch> past;
  for (int day = 0; day < days; ++day) past.push_back(Day(random));
  const auto reference = ReferenceOf(past);
  const auto layout = std::make_shared<const Layout>(reference);
  History history;
  for (int day = 0; day < days; ++day) history.chunks[day] = ChunkOf(layout, past[static_cast<size_t>(day)]);
  const auto found = Calibrate(history, {rate, {}});
  EXPECT_TRUE(found.ok()) << found.status();
  calibrated = *found;
  EvaluatorSettings settings;
  settings.thresholds.psi_warn = calibrated[0].warn;
  settings.thresholds.psi_alert = calibrated[0].alert;
  settings.thresholds.ks_warn = calibrated[1].warn;
  settings.thresholds.ks_alert = calibrated[1].alert;
  double psi = 0, ks = 0;
  for (int day = 0; day < held_out; ++day) {
    const auto chunk = ChunkOf(layout, Day(random));
    const Evaluation evaluation =
        Evaluator(reference, BatchSettings(settings), 0).Evaluate(chunk->counter.blocks(), 0);
    psi += AnyWarning(evaluation, Measure::kPsi) ? 1 : 0;
    ks += AnyWarning(evaluation, Measure::kKs) ? 1 : 0;
  }
  return {psi / held_out, ks / held_out};
}

// Chunks that wander are told from the whole by any test of "no drift", and by the usual tolerance too often or too
// seldom; with the calibrated one held-out chunks alarm at about the stated rate.
TEST(CalibrationTest, HeldOutChunksAlarmAtTheStatedRate) {
  std::vector<CalibratedMeasure> calibrated;
  const int full = 600, held_out = Replications(full);
  const auto [psi, ks] = HeldOutRate(0.05, 200, held_out, calibrated);
  ASSERT_EQ(calibrated.size(), 2u);
  EXPECT_EQ(calibrated[0].chunks, 200u);
  EXPECT_FALSE(calibrated[0].extrapolated);
  EXPECT_EQ(calibrated[0].method, "least tolerance number 191 of 200 chunks");
  EXPECT_NEAR(calibrated[0].alert / calibrated[0].warn, 2.5, 0.03);
  EXPECT_NEAR(calibrated[0].after, 0.045, 0.006);
  if (held_out < full) return;
  // A quantile of 200 chunks has a spread of 1.5 points of its own, 600 draws add 0.9.
  EXPECT_NEAR(psi, 0.05, 0.035);
  EXPECT_NEAR(ks, 0.05, 0.035);
}

TEST(CalibrationTest, FewChunksAreExtrapolatedAndSaySo) {
  std::vector<CalibratedMeasure> calibrated;
  const auto [psi, ks] = HeldOutRate(0.01, 20, Replications(200), calibrated);
  EXPECT_TRUE(calibrated[0].extrapolated);
  EXPECT_THAT(calibrated[0].method, HasSubstr("Gumbel law fitted to the least tolerances of 20 chunks"));
  EXPECT_EQ(calibrated[0].after, 0);
  EXPECT_LE(psi, 0.08);
  EXPECT_LE(ks, 0.08);
}

TEST(CalibrationTest, TooFewChunksAreRefused) {
  Random random(12);
  const std::vector<RowBatch> days = {Day(random), Day(random), Day(random)};
  const auto layout = std::make_shared<const Layout>(ReferenceOf(days));
  History history;
  for (int day = 0; day < 3; ++day) history.chunks[day] = ChunkOf(layout, days[static_cast<size_t>(day)]);
  EXPECT_THAT(std::string(Calibrate(history, {}).status().message()),
              HasSubstr("expected at least 8 chunks with rows enough for psi, got 3"));
}

TEST(CalibrationTest, TheQuantileIsAnOrderStatisticWhereThereAreEnoughValues) {
  std::vector<double> values;
  for (int i = 1; i <= 99; ++i) values.push_back(i);
  bool extrapolated = true;
  EXPECT_EQ(ToleranceQuantile(values, 0.05, extrapolated), 95);
  EXPECT_FALSE(extrapolated);
  EXPECT_EQ(ToleranceQuantile(values, 0.01, extrapolated), 99);
  EXPECT_FALSE(extrapolated);
  EXPECT_GT(ToleranceQuantile(values, 0.005, extrapolated), 99);
  EXPECT_TRUE(extrapolated);
  // A Gumbel law with location 2 and scale 3: its own quantile comes back.
  Random random(13);
  values.clear();
  for (int i = 0; i < 100'000; ++i) values.push_back(2 - 3 * std::log(-std::log(1 - random.Uniform())));
  values.resize(50'000);
  const double expected = 2 - 3 * std::log(-std::log1p(-1e-6));
  EXPECT_NEAR(ToleranceQuantile(values, 1e-6, extrapolated), expected, 2);
}

}  // namespace
}  // namespace drift
