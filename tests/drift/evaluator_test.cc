#include "drift/evaluator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/drift/simulation.h"
#include "tests/drift/watched_model.h"

namespace drift {
namespace {

using testing::kHour;
using testing::kMinute;
using testing::Random;

// A model with a numeric feature, a categorical one and a prediction, and traffic at 3000 rows an hour.
class EvaluatorTest : public ::testing::Test {
 protected:
  EvaluatorTest()
      : random_(11), reference_(MakeReference()), window_(reference_, {"vip", "plain"}, {kHour, 60, 64u << 20}) {
    settings_.decision.observation_period_ns = 0;
    const double rates[] = {1.0, 0.5};
    window_.SetRates(0, rates, 1);
  }

  std::vector<Value> Row(double shift) {
    return {Value::Double(random_.Normal() + shift), Value::Text(random_.Uniform() < 0.7 ? "UA" : "B6"),
            Value::Double(random_.Uniform())};
  }

  std::shared_ptr<const Reference> MakeReference() {
    std::vector<std::vector<Value>> rows;
    for (int i = 0; i < 20'000; ++i) rows.push_back(Row(0));
    BuilderSettings settings;
    settings.cycle_ns = 24 * kHour;
    return testing::MakeReference({testing::NumericColumn("temp", Dtype::kFloat32),
                                   {"carrier", Role::kFeature, Dtype::kText, std::nullopt},
                                   {"p_late", Role::kPrediction, Dtype::kFloat32, Kind::kNumeric}},
                                  rows, settings);
  }

  // Traffic of `minutes` minutes, one evaluation a minute; the last one is returned.
  Evaluation Run(Evaluator& evaluator, int minutes, double shift) {
    Evaluation last;
    for (int minute = 0; minute < minutes; ++minute, now_ += kMinute) {
      for (int i = 0; i < 50; ++i) {
        const std::int64_t time = now_ + i * testing::kSecond;
        const int stratum = i % 5 == 0 ? 0 : 1;
        const double rate = stratum == 0 ? 1.0 : 0.5;
        window_.CountSeen(time, stratum, 1);
        if (random_.Uniform() < rate) {
          EXPECT_TRUE(window_.Add(time, stratum, rate, 1, Row(shift)));
        }
      }
      last = evaluator.Evaluate(window_, now_ + 59 * testing::kSecond);
      for (const StateChange& change : last.changes) changes_.push_back(change);
    }
    return last;
  }

  static const MeasureResult& Find(const FeatureResult& feature, Measure measure) {
    return *std::find_if(feature.measures.begin(), feature.measures.end(),
                         [measure](const MeasureResult& result) { return result.measure == measure; });
  }

  Random random_;
  EvaluatorSettings settings_;
  const std::shared_ptr<const Reference> reference_;
  Window window_;
  std::int64_t now_ = 0;
  std::vector<StateChange> changes_;
};

TEST_F(EvaluatorTest, NothingKeptIsWarmingWithoutValues) {
  Evaluator evaluator(reference_, settings_, 0);
  const Evaluation evaluation = evaluator.Evaluate(window_, 0);
  EXPECT_EQ(evaluation.model_state, State::kWarming);
  ASSERT_EQ(evaluation.population.features.size(), 3u);
  const FeatureResult& temp = evaluation.population.features[0];
  EXPECT_FALSE(temp.ready);
  EXPECT_EQ(temp.reason, "no row was kept");
  EXPECT_TRUE(temp.measures.empty());
  EXPECT_FALSE(temp.missing_ratio);
  EXPECT_FALSE(temp.bins[0].current_share);
  EXPECT_NEAR(temp.bins[0].reference_share, 0.1, 0.002);
}

TEST_F(EvaluatorTest, TooFewRowsSayHowManyAreNeeded) {
  Evaluator evaluator(reference_, settings_, 0);
  const Evaluation evaluation = Run(evaluator, 3, 0);
  const FeatureResult& temp = evaluation.population.features[0];
  EXPECT_FALSE(temp.ready);
  EXPECT_NE(temp.reason.find("are needed for 10 bins"), std::string::npos) << temp.reason;
  EXPECT_TRUE(temp.measures.empty());
  EXPECT_EQ(temp.state, State::kWarming);
}

TEST_F(EvaluatorTest, SteadyTrafficIsStable) {
  Evaluator evaluator(reference_, settings_, 0);
  const Evaluation evaluation = Run(evaluator, 90, 0);
  EXPECT_EQ(evaluation.model_state, State::kStable);
  EXPECT_EQ(evaluation.drifted_share, 0);
  for (const FeatureResult& feature : evaluation.population.features) {
    EXPECT_TRUE(feature.ready) << feature.reason;
    EXPECT_EQ(feature.state, State::kStable) << feature.name;
    EXPECT_NEAR(feature.design_effect, 1, 0.5);
    EXPECT_EQ(*feature.missing_ratio, 0);
    EXPECT_EQ(*feature.missing_p_value, 1);
  }
  const FeatureResult& carrier = evaluation.population.features[1];
  ASSERT_EQ(carrier.measures.size(), 1u);  // a category has no KS
  EXPECT_EQ(carrier.measures[0].measure, Measure::kPsi);
  ASSERT_EQ(evaluation.strata.size(), 2u);
  EXPECT_EQ(evaluation.strata[0].stratum, "vip");
  ASSERT_EQ(evaluation.warnings.size(), 1u);
  EXPECT_NE(evaluation.warnings[0].find("shorter than the cycle"), std::string::npos);
}

TEST_F(EvaluatorTest, AShiftIsFoundAndLeavesAgain) {
  Evaluator evaluator(reference_, settings_, 0);
  Run(evaluator, 60, 0);
  changes_.clear();
  const Evaluation drifted = Run(evaluator, 60, 1.5);
  const FeatureResult& temp = drifted.population.features[0];
  EXPECT_EQ(temp.state, State::kDrifted);
  EXPECT_EQ(Find(temp, Measure::kPsi).state, State::kDrifted);
  EXPECT_EQ(Find(temp, Measure::kKs).state, State::kDrifted);
  EXPECT_NEAR(Find(temp, Measure::kKs).value, 0.547, 0.03);  // 2Φ(0.75) − 1
  EXPECT_GE(*Find(temp, Measure::kKs).value_upper, Find(temp, Measure::kKs).value);
  EXPECT_EQ(drifted.population.features[1].state, State::kStable);
  EXPECT_EQ(drifted.population.features[2].state, State::kStable);
  EXPECT_EQ(drifted.drifted_share, 0.5);
  EXPECT_EQ(drifted.model_state, State::kDrifted);
  const auto to = [this](State state) {
    return std::count_if(changes_.begin(), changes_.end(), [state](const StateChange& change) {
      return change.stratum.empty() && change.feature == "temp" && change.measure == Measure::kPsi &&
             change.to == state;
    });
  };
  EXPECT_EQ(to(State::kDrifted), 1);
  for (const StateChange& change : changes_) {
    if (change.feature != "temp") continue;
    EXPECT_TRUE(change.value && change.threshold && change.p_value);
  }
  const Evaluation after = Run(evaluator, 75, 0);
  EXPECT_EQ(after.population.features[0].state, State::kStable);
  EXPECT_EQ(after.model_state, State::kStable);
  EXPECT_EQ(to(State::kStable), 1);
}

TEST_F(EvaluatorTest, TheObservationPeriodShowsValuesAndNoAlerts) {
  settings_.decision.observation_period_ns = 2 * kHour;
  Evaluator evaluator(reference_, settings_, 0);
  const Evaluation observing = Run(evaluator, 60, 1.5);
  EXPECT_EQ(observing.model_state, State::kObserving);
  EXPECT_EQ(observing.population.features[0].state, State::kObserving);
  EXPECT_GT(Find(observing.population.features[0], Measure::kPsi).value, 1);
  EXPECT_EQ(observing.drifted_share, 0);
  const Evaluation after = Run(evaluator, 61, 1.5);
  EXPECT_EQ(after.population.features[0].state, State::kDrifted);
}

TEST_F(EvaluatorTest, NoRowsForLongerThanTheWindowIsStale) {
  Evaluator evaluator(reference_, settings_, 0);
  Run(evaluator, 60, 0);
  const std::int64_t later = now_ + kHour + kMinute;
  window_.Advance(later);
  const Evaluation evaluation = evaluator.Evaluate(window_, later);
  EXPECT_EQ(evaluation.model_state, State::kStale);
  EXPECT_EQ(evaluation.population.features[0].state, State::kStale);
  EXPECT_TRUE(evaluation.population.features[0].measures.empty());
  EXPECT_EQ(evaluation.population.features[0].reason, "no row for longer than the window");
}

TEST_F(EvaluatorTest, AShiftOfASmallStratumShowsInItsOwnView) {
  Evaluator evaluator(reference_, settings_, 0);
  Evaluation evaluation;
  for (int minute = 0; minute < 60; ++minute, now_ += kMinute) {
    for (int i = 0; i < 100; ++i) {
      const int stratum = i % 20 == 0 ? 0 : 1;
      window_.CountSeen(now_, stratum, 1);
      if (stratum == 0 || i % 2 == 0) {
        ASSERT_TRUE(window_.Add(now_, stratum, stratum == 0 ? 1.0 : 0.5, 1, Row(stratum == 0 ? 2 : 0)));
      }
    }
    evaluation = evaluator.Evaluate(window_, now_ + 59 * testing::kSecond);
  }
  EXPECT_EQ(evaluation.population.features[0].state, State::kStable);
  EXPECT_EQ(evaluation.strata[0].features[0].state, State::kDrifted);
  EXPECT_EQ(evaluation.strata[1].features[0].state, State::kStable);
}

TEST_F(EvaluatorTest, EveryMeasureComesWhereItIsAskedFor) {
  settings_.feature_measures["temp"] = {Measure::kPsi,           Measure::kKs,        Measure::kWasserstein,
                                        Measure::kJensenShannon, Measure::kHellinger, Measure::kLInfinity,
                                        Measure::kChiSquare};
  Evaluator evaluator(reference_, settings_, 0);
  const Evaluation evaluation = Run(evaluator, 60, 0.5);
  const FeatureResult& temp = evaluation.population.features[0];
  EXPECT_EQ(temp.measures.size(), 7u);
  EXPECT_EQ(evaluation.population.features[2].measures.size(), 2u);
  EXPECT_NEAR(Find(temp, Measure::kWasserstein).value, 0.5, 0.08);
  for (const MeasureResult& result : temp.measures) EXPECT_GT(result.value, 0) << Name(result.measure);
}

TEST_F(EvaluatorTest, AConstantHasNoPsiButKsSeesItMove) {
  std::vector<double> values(2000, 3.25);
  const auto constant = testing::NumericReference(values);
  Window window(constant, {"all"}, {kHour, 60, 64u << 20});
  for (int i = 0; i < 600; ++i) {
    const Value row[] = {Value::Double(4)};
    window.CountSeen(i * kMinute / 10, 0, 1);
    ASSERT_TRUE(window.Add(i * kMinute / 10, 0, 1, 1, row));
  }
  Evaluator evaluator(constant, settings_, 0);
  const Evaluation evaluation = evaluator.Evaluate(window, kHour - 1);
  const FeatureResult& feature = evaluation.population.features[0];
  EXPECT_TRUE(feature.ready);
  EXPECT_EQ(feature.reason, "constant");
  ASSERT_EQ(feature.measures.size(), 1u);
  EXPECT_EQ(feature.measures[0].measure, Measure::kKs);
  EXPECT_EQ(feature.measures[0].value, 1);
  EXPECT_LT(*feature.measures[0].p_value_alert, 1e-12);
}

TEST_F(EvaluatorTest, ANewCategoryIsFoundHoweverRareItWas) {
  Evaluator evaluator(reference_, settings_, 0);
  for (int i = 0; i < 1200; ++i) {
    std::vector<Value> row = Row(0);
    if (i % 3 == 0) row[1] = Value::Text("XX");
    window_.CountSeen(i * 3 * testing::kSecond, 0, 1);
    ASSERT_TRUE(window_.Add(i * 3 * testing::kSecond, 0, 1, 1, row));
  }
  Evaluation evaluation;
  for (int i = 0; i < 3; ++i) evaluation = evaluator.Evaluate(window_, kHour - 1);
  EXPECT_EQ(evaluation.population.features[1].state, State::kDrifted);
}

// Features are evaluated some at a time, in all views; the figures are those of each by itself.
TEST(EvaluatorOfManyFeaturesTest, EveryFeatureOfEveryViewIsTheOneThatItsViewGives) {
  constexpr int kFeatures = 9;
  const auto reference = testing::WatchedModel(kFeatures);
  const auto rows = testing::Traffic(kFeatures, 6000);
  Window window(reference, {"a", "b"}, {});
  for (int i = 0; i < 6000; ++i) {
    const double rate = i % 2 == 0 ? 1 : 0.5;
    window.CountSeen(i * kHour / 6000, i % 2, i % 2 == 0 ? 1 : 2);
    ASSERT_TRUE(window.Add(i * kHour / 6000, i % 2, rate, 1, rows[static_cast<std::size_t>(i)]));
  }
  const EvaluatorSettings settings;
  Evaluator evaluator(reference, settings, 0);
  const Evaluation evaluation = evaluator.Evaluate(window, kHour - 1);
  ASSERT_EQ(evaluation.strata.size(), 2u);
  const auto expect_as_in = [&](const View& view, const ViewResult& result) {
    ASSERT_EQ(result.features.size(), static_cast<std::size_t>(kFeatures));
    for (std::size_t f = 0; f < kFeatures; ++f) {
      const auto count = static_cast<double>(reference->rows);
      const ReferenceSums sums(view.layout->feature(f), {reference->features[f].cell_counts, count, count});
      const FeatureResult alone = EvaluateFeature(view, f, sums, settings.thresholds, settings.measures).result;
      const FeatureResult& found = result.features[f];
      EXPECT_EQ(found.name, alone.name);
      EXPECT_EQ(found.effective_samples, alone.effective_samples);
      ASSERT_EQ(found.measures.size(), 2u);
      for (std::size_t m = 0; m < 2; ++m) {
        EXPECT_EQ(found.measures[m].value, alone.measures[m].value);
        EXPECT_EQ(found.measures[m].p_value_no_drift, alone.measures[m].p_value_no_drift);
      }
    }
  };
  expect_as_in(PopulationView(window), evaluation.population);
  expect_as_in(StratumView(window, 0), evaluation.strata[0]);
  expect_as_in(StratumView(window, 1), evaluation.strata[1]);
}

}  // namespace
}  // namespace drift
