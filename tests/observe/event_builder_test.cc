#include "server/observe/event_builder.h"

#include <map>
#include <string>

#include <google/protobuf/util/json_util.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driftserve/v1/event.pb.h"

namespace driftserve {
namespace {

using drift::State;
using ::testing::HasSubstr;
using ::testing::Not;

const EventOrigin kOrigin = {0xff, "driftserve/h", "events"};

WatchedModelSettings Model() {
  WatchedModelSettings settings;
  settings.name = "flight_delay";
  settings.version = "3";
  settings.reference_hash = "abc";
  return settings;
}

drift::StateChange TempDrifted() {
  drift::StateChange change;
  change.feature = "temp";
  change.measure = drift::Measure::kPsi;
  change.from = State::kStable;
  change.to = State::kDrifted;
  change.value = 7.5;
  change.threshold = 0.25;
  change.p_value = 1e-9;
  return change;
}

drift::Evaluation EvaluationWithTemp() {
  drift::Evaluation evaluation;
  evaluation.time_ns = 1'372'655'700'000'000'000;
  drift::FeatureResult temp;
  temp.name = "temp";
  temp.effective_samples = 812;
  evaluation.population.features = {temp};
  return evaluation;
}

TEST(EventBuilderTest, AnEventIsJsonThatReadsBackAsItsMessage) {
  const OutgoingRecord event = BuildEvent(Model(), EvaluationWithTemp(), TempDrifted(), kOrigin, 5);
  EXPECT_EQ(event.kind, RecordKind::kEvent);
  EXPECT_EQ(event.topic, "events");
  EXPECT_EQ(event.key, "flight_delay/temp");
  v1::DriftEvent message;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(event.value, &message).ok()) << event.value;
  EXPECT_EQ(message.model_name(), "flight_delay");
  EXPECT_EQ(message.model_version(), "3");
  EXPECT_EQ(message.feature(), "temp");
  EXPECT_EQ(message.drift_type(), "psi");
  EXPECT_EQ(message.from_state(), "stable");
  EXPECT_EQ(message.to_state(), "drifted");
  EXPECT_EQ(message.value(), 7.5);
  EXPECT_EQ(message.threshold(), 0.25);
  EXPECT_EQ(message.effective_samples(), 812);
  EXPECT_THAT(event.value, HasSubstr("\"model_name\""));
  EXPECT_THAT(event.value, HasSubstr("\"time\":\"2013-07-01T05:15:00Z\""));
  EXPECT_THAT(event.value, Not(HasSubstr("stratum"))) << "the population";
}

TEST(EventBuilderTest, HeadersSayThatItIsADriftEvent) {
  const OutgoingRecord event = BuildEvent(Model(), EvaluationWithTemp(), TempDrifted(), kOrigin, 5);
  std::map<std::string, std::string> headers(event.headers.begin(), event.headers.end());
  EXPECT_EQ(headers["ce_id"], "00000000000000ff-e5");
  EXPECT_EQ(headers["ce_type"], "driftserve.drift.v1");
  EXPECT_EQ(headers["content-type"], "application/json");
  EXPECT_EQ(headers.count("ce_sampledrate"), 0u);
}

TEST(EventBuilderTest, ALineNamesWhatChangedAndByHowMuch) {
  EXPECT_EQ(DescribeChange(Model(), TempDrifted()),
            "model 'flight_delay' version 3: feature 'temp' psi was stable, is drifted; value 7.5, threshold 0.25, "
            "p-value 1e-09");
  drift::StateChange model;
  model.from = State::kStable;
  model.to = State::kDrifted;
  model.value = 0.6;
  EXPECT_EQ(DescribeChange(Model(), model),
            "model 'flight_delay' version 3: was stable, is drifted; share of drifted features 0.6");
}

TEST(EventBuilderTest, PeopleReadOfDriftAndItsEndNotOfWarmingUp) {
  drift::StateChange change = TempDrifted();
  EXPECT_TRUE(IsNews(change));
  EXPECT_EQ(LevelOf(change), LogLevel::kWarning);
  change.from = State::kDrifted;
  change.to = State::kStable;
  EXPECT_TRUE(IsNews(change));
  EXPECT_EQ(LevelOf(change), LogLevel::kInfo);
  change.from = State::kWarming;
  EXPECT_FALSE(IsNews(change));
  change.to = State::kDrifted;
  EXPECT_TRUE(IsNews(change));
  change.stratum = "UA";
  EXPECT_FALSE(IsNews(change));
}

TEST(EventBuilderTest, ConceptDriftNamesItsDetector) {
  drift::StateChange change;
  change.detector = "adwin";
  change.from = drift::State::kStable;
  change.to = drift::State::kDrifted;
  change.value = 0.25;
  change.threshold = 0.125;
  WatchedModelSettings model;
  model.name = "m";
  model.version = "3";
  drift::Evaluation evaluation;
  const EventOrigin origin = {1, "driftserve/test", "events"};
  OutgoingRecord record = BuildEvent(model, evaluation, change, origin, 1);
  EXPECT_EQ(record.key, "m/concept");
  EXPECT_NE(record.value.find("\"drift_type\":\"adwin\""), std::string::npos) << record.value;
  EXPECT_EQ(DescribeChange(model, change),
            "model 'm' version 3: concept drift by adwin was stable, is drifted; value 0.25, threshold 0.125");
  change.detector = std::string(drift::kConceptVerdict);
  change.threshold.reset();
  record = BuildEvent(model, evaluation, change, origin, 2);
  EXPECT_NE(record.value.find("\"drift_type\":\"concept\""), std::string::npos) << record.value;
  EXPECT_EQ(DescribeChange(model, change),
            "model 'm' version 3: concept drift was stable, is drifted; mean error 0.25");
}

}  // namespace
}  // namespace driftserve
