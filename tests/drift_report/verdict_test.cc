#include "drift/report/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drift_report/samples.h"

namespace drift {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string SentenceOf(const synthetic::Model& model) { return VerdictOf(model.input).sentence; }

TEST(VerdictTest, SaysInOneSentenceWhatMovedAndWhatDidNot) {
  const auto model = synthetic::KeptReport();
  EXPECT_EQ(SentenceOf(*model),
            "2 of 9 features drifted, worst temp (PSI 3.03, alert above 0.324); predictions moved: p_late (PSI 0.238, "
            "warning above 0.148); labels are stable; quality fell since 3 October.");
}

TEST(VerdictTest, TheDetailHasWhatAReaderAsksNext) {
  const auto model = synthetic::KeptReport();
  EXPECT_EQ(
      VerdictOf(model->input).detail,
      "Then dewp (PSI 1.52, alert above 0.324). Over all traffic not to be seen, but within its stratum drifted: "
      "distance (PSI 1.11, alert above 0.324) in HA. Categories that the reference does not know: “ZZ” of carrier "
      "and 1 more of it, “SWF” of origin. 1 feature cannot be judged yet; why is said beside it.");
}

TEST(VerdictTest, WhereNothingMovedItSaysHowManyWereJudged) {
  auto model = synthetic::Flights(false);
  EXPECT_EQ(SentenceOf(*model), "No feature drifted, 7 of 8 judged; predictions are stable.");
  model->evaluation.population.features[7] = synthetic::Numeric({"visibility", 0, 1, 0, 0, 0});
  EXPECT_EQ(SentenceOf(*model), "None of 8 features drifted; predictions are stable.");
}

TEST(VerdictTest, OneFeatureIsSingular) {
  auto model = synthetic::Flights(false);
  FeatureResult& hour = model->evaluation.population.features[0];
  hour = synthetic::Numeric({"hour", 0, 1, 1.9, 0, 0});
  EXPECT_THAT(SentenceOf(*model), HasSubstr("1 of 8 features drifted: hour (PSI 3.03, alert above 0.324);"));
  hour = synthetic::Numeric({"hour", 0, 1, 0.42, 0, 0});
  EXPECT_THAT(SentenceOf(*model),
              HasSubstr("1 of 8 features moved beyond the warning threshold: hour (PSI 0.168, warning above 0.148);"));
}

TEST(VerdictTest, AMovedFeatureIsNamedByTheMeasureThatMoved) {
  auto model = synthetic::Flights(false);
  FeatureResult& hour = model->evaluation.population.features[0];
  hour.measures[1].value = 0.31;
  hour.measures[1].state = hour.state = State::kDrifted;
  EXPECT_THAT(SentenceOf(*model), HasSubstr("hour (KS 0.310, alert above 0.227)"));
}

TEST(VerdictTest, WhichWayQualityWentTheErrorsTell) {
  auto model = synthetic::Flights(false);
  const auto quality_of = [&model](ConceptResult quality) {
    model->evaluation.time_ns = 1'791'400'000'000'000'000;
    model->evaluation.concept_drift = std::move(quality);
    return SentenceOf(*model);
  };
  EXPECT_THAT(quality_of(synthetic::Quality(false)), EndsWith("; quality holds."));
  EXPECT_THAT(quality_of(synthetic::Quality(true)), EndsWith("; quality fell since 3 October."));
  ConceptResult better = synthetic::Quality(true);
  for (QualityPoint& point : better.timeline) point.error = 1 - point.error;
  EXPECT_THAT(quality_of(better), EndsWith("; quality rose since 3 October."));
  ConceptResult unknown = synthetic::Quality(true);
  unknown.timeline.clear();
  EXPECT_THAT(quality_of(unknown), EndsWith("; quality changed since 3 October."));
  unknown.state = State::kWarming;
  EXPECT_THAT(quality_of(unknown), EndsWith("; quality cannot be judged yet."));
}

TEST(VerdictTest, PredictionsAndLabelsAreSaidTogetherWhereTheyAgree) {
  auto model = synthetic::KeptReport();
  model->evaluation.population.features[8] = synthetic::Numeric({"p_late", 0, 1, 0, 0, 0});
  model->evaluation.population.features[8].role = Role::kPrediction;
  EXPECT_THAT(SentenceOf(*model), HasSubstr("; predictions and labels are stable; "));
}

TEST(VerdictTest, EveryOtherStateHasASentence) {
  auto model = synthetic::Flights(true);
  model->evaluation.model_state = State::kWarming;
  EXPECT_EQ(SentenceOf(*model), "Too few rows to judge yet: 7 of 8 features can be judged.");
  model->evaluation.model_state = State::kObserving;
  EXPECT_EQ(SentenceOf(*model),
            "Under observation, no alerts yet; farthest from the reference is temp (PSI 3.03, alert above 0.324).");
  model->evaluation.model_state = State::kStale;
  EXPECT_EQ(SentenceOf(*model), "No rows for longer than the window of 1 h.");
  model->evaluation.population.features.clear();
  model->evaluation.model_state = State::kWarming;
  EXPECT_EQ(SentenceOf(*model), "Too few rows to judge yet.");
  model->evaluation.model_state = State::kStable;
  EXPECT_EQ(SentenceOf(*model), "Nothing is watched.");
}

TEST(VerdictTest, NamesThatAreNotOnePlainWordAreQuoted) {
  EXPECT_EQ(InSentence("tail_num-2"), "tail_num-2");
  EXPECT_EQ(InSentence("of 3"), "“of 3”");
  EXPECT_EQ(InSentence("a\xff"), "“a\\xff”");
  EXPECT_EQ(InSentence(""), "“”");
}

}  // namespace
}  // namespace drift
