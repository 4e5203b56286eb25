#include "drift/concept_monitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::kHour;
using testing::kMinute;
using testing::kSecond;

constexpr std::int64_t kStart = 1'700'000'000 * kSecond;

// A prediction a second, whose label comes ten minutes later.
class ConceptMonitorTest : public ::testing::Test {
 protected:
  static ConceptSettings Settings() {
    ConceptSettings settings;
    settings.error = ErrorMeasure::kZeroOne;
    settings.window_ns = kHour;
    settings.time_limit_ns = kHour;
    settings.created_ns = kStart;
    return settings;
  }

  // `answered`: share of the predictions whose labels come.
  void Play(int predictions, double level, double answered = 1) {
    for (int i = 0; i < predictions; ++i, now_ += kSecond) {
      monitor_.CountPrediction(now_ - 10 * kMinute);
      if (random_.Uniform() >= answered) continue;
      const double error = random_.Uniform() < level;
      monitor_.AddLabel({now_ - 10 * kMinute, now_, 10 * kMinute, error, 1});
    }
  }
  ConceptResult Evaluate() { return monitor_.Evaluate(now_, changes_); }
  bool Changed(const std::string& detector, State to) const {
    return std::any_of(changes_.begin(), changes_.end(), [&](const StateChange& change) {
      return change.detector == detector && change.to == to;
    });
  }

  ConceptMonitor monitor_{Settings()};
  testing::Random random_{5};
  std::int64_t now_ = kStart + kHour;
  std::vector<StateChange> changes_;
};

TEST_F(ConceptMonitorTest, WarmsUntilThereAreEnoughLabelsAndSaysHowMany) {
  ConceptResult result = Evaluate();
  EXPECT_EQ(result.state, State::kWarming);
  EXPECT_EQ(result.reason, "no label has come for a sampled prediction");
  EXPECT_FALSE(result.mean_error);
  Play(20, 0.2);
  result = Evaluate();
  EXPECT_EQ(result.state, State::kWarming);
  EXPECT_NE(result.reason.find("20 labels have come"), std::string::npos) << result.reason;
  EXPECT_TRUE(changes_.empty());
  Play(2000, 0.2);
  result = Evaluate();
  EXPECT_EQ(result.state, State::kStable) << result.reason;
  EXPECT_EQ(result.reason, "");
  EXPECT_NEAR(*result.mean_error, 0.2, 0.03);
  EXPECT_EQ(result.labels_joined, 2020u);
  EXPECT_NEAR(*result.label_lag_seconds, 600, 1e-9);
  EXPECT_TRUE(Changed("all", State::kStable));
}

TEST_F(ConceptMonitorTest, AFlipOfTheLabelsIsDriftAndAFallIsAWarning) {
  Play(4000, 0.1);
  Evaluate();
  changes_.clear();
  Play(2000, 0.9);
  ConceptResult result = Evaluate();
  EXPECT_EQ(result.state, State::kDrifted);
  for (const DetectorResult& detector : result.detectors) {
    EXPECT_EQ(detector.state, State::kDrifted) << detector.detector;
    EXPECT_GE(detector.alarms, 1u);
    EXPECT_TRUE(detector.last_alarm_rose);
    ASSERT_TRUE(detector.last_alarm_ns);
    EXPECT_TRUE(Changed(detector.detector, State::kDrifted));
  }
  EXPECT_TRUE(Changed("all", State::kDrifted));
  for (const StateChange& change : changes_) {
    if (change.to != State::kDrifted || change.detector == kConceptVerdict) continue;
    EXPECT_GT(*change.value, *change.threshold) << "of the alarm, though the detector has begun anew";
  }
  Play(3000, 0.1);
  result = Evaluate();
  EXPECT_EQ(result.state, State::kWarning) << "two of three see falls, and saw this one";
  Play(20000, 0.1);
  result = Evaluate();
  EXPECT_NE(result.state, State::kDrifted) << "an alarm is held for the span, and no longer";
}

TEST_F(ConceptMonitorTest, NoChangeIsNotDrift) {
  for (int day = 0; day < 4; ++day) {
    Play(5000, 0.2);
    EXPECT_NE(Evaluate().state, State::kDrifted);
  }
  EXPECT_FALSE(Changed("adwin", State::kDrifted));
}

TEST_F(ConceptMonitorTest, ALowJoinRateIsNoVerdict) {
  Play(9000, 0.2, 0.3);  // two and a half hours: the first one is past the limit
  ConceptResult result = Evaluate();
  ASSERT_TRUE(result.join_rate);
  EXPECT_NEAR(*result.join_rate, 0.3, 0.03);
  EXPECT_EQ(result.state, State::kWarming);
  EXPECT_NE(result.reason.find("labels.min_join_rate is 0.5"), std::string::npos) << result.reason;
  for (const DetectorResult& detector : result.detectors) EXPECT_EQ(detector.state, State::kWarming);
  Play(16000, 0.2);
  result = Evaluate();
  EXPECT_GT(*result.join_rate, 0.95);
  EXPECT_NE(result.state, State::kWarming);
}

TEST_F(ConceptMonitorTest, TheJoinRateIsUnknownUntilThePredictionsHaveHadTheirTime) {
  Play(600, 0.2);
  EXPECT_FALSE(Evaluate().join_rate);
}

TEST_F(ConceptMonitorTest, ObservesANewVersionAndGoesStale) {
  ConceptSettings settings = Settings();
  settings.observation_ns = 10 * kHour;
  ConceptMonitor monitor(settings);
  for (int i = 0; i < 100; ++i) monitor.AddLabel({kStart, kStart + kMinute, kMinute, 1.0, 1});
  std::vector<StateChange> changes;
  EXPECT_EQ(monitor.Evaluate(kStart + kHour, changes).state, State::kObserving);
  EXPECT_EQ(monitor.Evaluate(kStart + 11 * kHour, changes).state, State::kStale);
}

TEST_F(ConceptMonitorTest, TheTimelineIsWeightedAndBounded) {
  // Two rows kept at 1 that were right, one at 0.1 that was wrong: 10 of 12 rows of the traffic were wrong.
  monitor_.AddLabel({now_, now_, 0, 0.0, 1});
  monitor_.AddLabel({now_, now_, 0, 0.0, 1});
  monitor_.AddLabel({now_, now_, 0, 1.0, 0.1});
  const ConceptResult result = Evaluate();
  ASSERT_EQ(result.timeline.size(), 1u);
  EXPECT_NEAR(result.timeline[0].error, 10.0 / 12, 1e-12);
  EXPECT_EQ(result.timeline[0].labels, 3);
  for (int hour = 0; hour < 200; ++hour) {
    Play(3600 / 60, 0.2);
    now_ += kHour - kMinute;
  }
  const ConceptResult later = Evaluate();
  EXPECT_LE(later.timeline.size(), ConceptMonitor::kPanes);
  EXPECT_TRUE(std::is_sorted(later.timeline.begin(), later.timeline.end(),
                             [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; }));
  monitor_.AddLabel({kStart - 1000 * kHour, now_, 0, 1.0, 1});  // before the timeline: counted, not drawn
  EXPECT_EQ(Evaluate().labels_joined, later.labels_joined + 1);
}

TEST_F(ConceptMonitorTest, TheStandardErrorIsOfAWeightedMean) {
  monitor_.AddLabel({now_, now_, 0, 0.0, 1});
  EXPECT_FALSE(Evaluate().mean_error_standard_error) << "one label says nothing of the spread";
  monitor_.AddLabel({now_, now_, 0, 0.0, 1});
  monitor_.AddLabel({now_, now_, 0, 1.0, 0.1});
  const double mean = 10.0 / 12;
  const double squares = 2 * mean * mean + 100 * (1 - mean) * (1 - mean);
  EXPECT_NEAR(*Evaluate().mean_error_standard_error, std::sqrt(squares) / 12, 1e-12);
}

// Rows of two kinds, kept at 1 and at 0.2 and wrong at other rates: the stated error is the spread over many windows.
TEST_F(ConceptMonitorTest, TheStandardErrorIsTheSpreadOfMeans) {
  constexpr int kWindows = 400, kRows = 300;
  double sum = 0, squares = 0, stated = 0;
  for (int window = 0; window < kWindows; ++window) {
    ConceptMonitor monitor(Settings());
    for (int row = 0; row < kRows; ++row) {
      const bool rare = random_.Uniform() < 0.5;
      if (!rare && random_.Uniform() >= 0.2) continue;
      const double error = random_.Uniform() < (rare ? 0.5 : 0.1);
      monitor.AddLabel({now_, now_, 0, error, rare ? 1 : 0.2});
    }
    const ConceptResult result = monitor.Evaluate(now_, changes_);
    sum += *result.mean_error;
    squares += *result.mean_error * *result.mean_error;
    stated += *result.mean_error_standard_error;
  }
  const double mean = sum / kWindows;
  EXPECT_NEAR(mean, 0.3, 0.01);
  EXPECT_NEAR(stated / kWindows / std::sqrt(squares / kWindows - mean * mean), 1, 0.1);
}

TEST_F(ConceptMonitorTest, ALowerRateThanAnyBeforeBeginsAnew) {
  for (int i = 0; i < 100; ++i) monitor_.AddLabel({now_, now_, 0, 0.0, 1});
  EXPECT_NE(Evaluate().state, State::kWarming);
  monitor_.AddLabel({now_, now_, 0, 0.0, 0.01});
  EXPECT_EQ(Evaluate().state, State::kWarming) << "the hundred are worth one row of those";
}

// Absolute errors in the labels' unit: the detectors see shares of the labels' range.
TEST_F(ConceptMonitorTest, ErrorsAreScaledForTheDetectorsOnly) {
  ConceptSettings settings = Settings();
  settings.error = ErrorMeasure::kAbsoluteError;
  settings.scale = 1000;
  ConceptMonitor monitor(settings);
  std::vector<StateChange> changes;
  for (int i = 0; i < 3000; ++i) monitor.AddLabel({kStart, kStart, 0, 80 + 40 * random_.Uniform(), 1});
  ConceptResult result = monitor.Evaluate(kStart, changes);
  EXPECT_EQ(result.state, State::kStable);
  EXPECT_NEAR(*result.mean_error, 100, 2);
  for (int i = 0; i < 3000; ++i) monitor.AddLabel({kStart, kStart, 0, 280 + 40 * random_.Uniform(), 1});
  result = monitor.Evaluate(kStart, changes);
  EXPECT_EQ(result.state, State::kDrifted);
  for (const DetectorResult& detector : result.detectors) {
    if (detector.detector == "page_hinkley") {
      EXPECT_EQ(*detector.threshold, 50 * 1000);
    }
  }
}

}  // namespace
}  // namespace drift
