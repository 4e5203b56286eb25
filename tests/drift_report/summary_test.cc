#include "drift/report/summary.h"

#include <gtest/gtest.h>

#include "tests/drift_report/samples.h"

namespace drift {
namespace {

std::vector<std::string> Names(const std::vector<const FeatureResult*>& features) {
  std::vector<std::string> names;
  for (const FeatureResult* feature : features) names.push_back(feature->name);
  return names;
}

TEST(SummaryTest, WorstComesFirstAndTheUnknownLast) {
  const auto model = synthetic::Flights(true);
  const auto names = Names(WorstFirst(model->evaluation.population, Role::kFeature));
  EXPECT_EQ(names.front(), "temp");
  EXPECT_EQ(names[1], "dewp");
  EXPECT_EQ(names[2], "pressure");
  EXPECT_EQ(names.back(), "visibility");
  EXPECT_EQ(Names(WorstFirst(model->evaluation.population, Role::kPrediction)), std::vector<std::string>{"p_late"});
}

TEST(SummaryTest, PsiSpeaksForAFeatureUnlessAnotherMeasureAloneMovedIt) {
  FeatureResult feature = synthetic::Numeric({"temp", 0, 1, 0, 0, 0});
  EXPECT_EQ(Leading(feature)->measure, Measure::kPsi);
  feature.measures[1].state = feature.state = State::kDrifted;
  EXPECT_EQ(Leading(feature)->measure, Measure::kKs);
  feature.measures[0].state = State::kDrifted;
  EXPECT_EQ(Leading(feature)->measure, Measure::kPsi);
  feature.measures.clear();
  EXPECT_EQ(Leading(feature), nullptr);
}

TEST(SummaryTest, DriftWithinAStratumOnlyIsFound) {
  const auto model = synthetic::KeptReport();
  const auto hidden = HiddenInStrata(model->evaluation);
  ASSERT_EQ(hidden.size(), 1u);
  EXPECT_EQ(hidden[0].feature->name, "distance");
  EXPECT_EQ(hidden[0].view->stratum, "HA");
}

}  // namespace
}  // namespace drift
