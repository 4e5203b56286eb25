#include "drift/report/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drift_report/synthetic.h"

namespace drift {
namespace {

using testing::HasSubstr;

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

TEST(SummaryTest, TheVerdictNamesHowManyAndWhich) {
  const auto model = synthetic::Flights(true);
  const Verdict verdict = VerdictOf(model->input);
  EXPECT_EQ(verdict.sentence, "2 of 8 features no longer look like the training data.");
  EXPECT_THAT(verdict.detail, HasSubstr("“temp” with a PSI of 3.03, then “dewp”"));
}

TEST(SummaryTest, TheVerdictOfEveryState) {
  auto model = synthetic::Flights(false);
  EXPECT_EQ(VerdictOf(model->input).sentence, "The traffic looks like the training data.");
  EXPECT_THAT(VerdictOf(model->input).detail, HasSubstr("7 of 8 features could be judged"));
  model->evaluation.model_state = State::kWarming;
  EXPECT_EQ(VerdictOf(model->input).sentence, "There is not enough traffic yet to judge.");
  model->evaluation.model_state = State::kObserving;
  EXPECT_EQ(VerdictOf(model->input).sentence, "This model is in its observation period.");
  model->evaluation.model_state = State::kStale;
  EXPECT_EQ(VerdictOf(model->input).sentence, "No traffic has come for longer than the window.");
}

TEST(SummaryTest, OneFeatureIsSingular) {
  auto model = synthetic::Flights(false);
  model->evaluation.population.features[0].state = State::kDrifted;
  EXPECT_EQ(VerdictOf(model->input).sentence, "1 of 8 features no longer looks like the training data.");
}

}  // namespace
}  // namespace drift
