// Labels from the inbox to windows, detectors, snapshots and events.
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "driftserve/v1/event.pb.h"
#include "tests/observe/pipeline.h"

namespace driftserve {
namespace {

constexpr int64_t kMinute = 60 * kSecond;

/// The reference of pipeline.h with a label: 1 in a quarter of the rows.
std::shared_ptr<const drift::Reference> WithLabel() {
  drift::BuilderSettings settings;
  settings.cells = 100;
  drift::ReferenceBuilder builder(
      settings, {{"x", drift::Role::kFeature, drift::Dtype::kFloat32, {}},
                 {"carrier", drift::Role::kFeature, drift::Dtype::kText, {}},
                 {"score", drift::Role::kPrediction, drift::Dtype::kFloat64, {}},
                 {"late", drift::Role::kLabel, drift::Dtype::kFloat64, drift::Kind::kCategorical}});
  const std::string_view carriers[] = {"UA", "DL", "AA"};
  for (int i = 0; i < 6000; ++i) {
    const drift::Value row[] = {drift::Value::Double(((i * 7919) % 6000 + 0.5) / 6000),
                                drift::Value::Text(carriers[i % 3]),
                                drift::Value::Double(((i * 104729) % 6000 + 0.5) / 6000),
                                drift::Value::Double(i % 4 == 0 ? 1 : 0)};
    EXPECT_FALSE(builder.Add(row));
  }
  return std::make_shared<const drift::Reference>(std::move(builder.Build().value()));
}

class ObserverLabelsTest : public Pipeline {
 protected:
  ObserverLabelsTest() {
    monitor_.labels = drift::LabelSettings{.name = "late", .prediction = "score", .kind = drift::Kind::kCategorical};
    monitor_.labels->error = drift::ErrorMeasure::kZeroOne;
    monitor_.labels->time_limit_ns = kMinute;
    model_ = MakeModel(1.0);
    producer_ = inbox_.AddProducer();
  }

  void Watch() { labelled_.Watch(model_, WithLabel(), monitor_); }

  // score = x.
  void Predict(const std::string& id, float score) { serving_.Answer(model_, score, "UA", 0, id); }

  void Report(const std::string& id, std::variant<double, std::string> value, uint32_t row = 0,
              int64_t observed_ns = 0) {
    auto report = std::make_unique<LabelReport>();
    report->model = model_;
    report->received_ns = clock_.UnixNanos();
    report->labels.push_back({id, row, std::move(value), observed_ns});
    ASSERT_TRUE(producer_->Offer(report));
  }

  uint64_t Count(LabelOutcome outcome) const { return model_->labels().Read(outcome); }

  // A prediction a tenth of a second, its label a second later: `late` of them are 1, and `wrong` is how many of the
  // predictions are not met.
  void Play(int predictions, double wrong) {
    for (int i = 0; i < predictions; ++i, ++played_) {
      const bool late = played_ % 4 == 0;
      const bool right = static_cast<double>(played_ * 7919 % 1000) / 1000 >= wrong;
      Predict("p" + std::to_string(played_), late == right ? 0.9f : 0.1f);
      if (played_ >= 10) Report("p" + std::to_string(played_ - 10), (played_ - 10) % 4 == 0 ? 1.0 : 0.0);
      clock_.Advance(kSecond / 10);
      labelled_.RunOnce();
    }
  }

  const drift::ConceptResult& Concept() { return *Evaluated()->evaluation.concept_drift; }
  std::shared_ptr<const ModelSnapshot> Evaluated() {
    clock_.AdvanceSeconds(5);
    labelled_.RunOnce();
    return snapshot_ = Snapshot();
  }

  std::vector<v1::DriftEvent> Events(const std::string& drift_type, const std::string& to) const {
    std::vector<v1::DriftEvent> events;
    for (const OutgoingRecord& record : publisher_.RecordsOf("events")) {
      v1::DriftEvent event;
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(record.value, &event).ok());
      if (event.drift_type() != drift_type || event.to_state() != to) continue;
      EXPECT_EQ(record.key, "m/concept");
      events.push_back(event);
    }
    return events;
  }

  drift::MonitorSettings monitor_ = MakeMonitor();
  LabelInbox inbox_;
  LabelProducer* producer_;
  Observer labelled_{{7, "driftserve/test", "samples", "events", "", {.labels = 3, .wait_ns = 4 * kSecond}},
                     &clock_, &tap_, &publisher_, &board_,
                     [this](LogLevel, const std::string& line) { log_.push_back(line); }, &inbox_};
  std::shared_ptr<const ModelSnapshot> snapshot_;
  int played_ = 0;
};

TEST_F(ObserverLabelsTest, EveryLabelEndsInOneOutcome) {
  Watch();
  Predict("a", 0.9f);
  Predict("b", 0.9f);
  labelled_.RunOnce();
  Report("a", 1.0);
  Report("a", 1.0);           // again
  Report("b", "late");        // a text against a number
  Report("never", 1.0);       // not sampled
  Report("a", 1.0, 7);        // not a row of it
  labelled_.RunOnce();
  EXPECT_EQ(Count(LabelOutcome::kJoined), 1u);
  EXPECT_EQ(Count(LabelOutcome::kRepeated), 1u);
  EXPECT_EQ(Count(LabelOutcome::kWrongType), 1u);
  EXPECT_EQ(Count(LabelOutcome::kUnknown), 0u) << "they may only be early";
  clock_.AdvanceSeconds(6);
  labelled_.RunOnce();
  EXPECT_EQ(Count(LabelOutcome::kUnknown), 2u);
  Predict("c", 0.9f);
  labelled_.RunOnce();
  clock_.AdvanceSeconds(61);
  Report("c", 1.0);
  labelled_.RunOnce();
  EXPECT_EQ(Count(LabelOutcome::kLate), 1u);
}

TEST_F(ObserverLabelsTest, EarlyLabelsWaitAsLongAndAsManyAsConfigured) {
  Watch();
  for (const char* id : {"a", "b", "c", "d"}) Report(id, 1.0);
  labelled_.RunOnce();
  clock_.AdvanceSeconds(1);
  labelled_.RunOnce();
  EXPECT_EQ(Count(LabelOutcome::kUnknown), 1u) << "three may wait";
  clock_.AdvanceSeconds(4);
  labelled_.RunOnce();
  EXPECT_EQ(Count(LabelOutcome::kUnknown), 4u) << "for four seconds";
}

TEST_F(ObserverLabelsTest, ALabelOfTheSamePassFindsItsPrediction) {
  Watch();
  Report("a", 1.0);
  Predict("a", 0.9f);
  labelled_.RunOnce();
  EXPECT_EQ(Count(LabelOutcome::kJoined), 1u);
}

TEST_F(ObserverLabelsTest, ALabelOfAPassBeforeWaitsForItsPrediction) {
  Watch();
  Report("a", 1.0);
  labelled_.RunOnce();
  EXPECT_EQ(Count(LabelOutcome::kJoined), 0u);
  Predict("a", 0.9f);
  labelled_.RunOnce();
  EXPECT_EQ(Count(LabelOutcome::kJoined), 1u);
  EXPECT_EQ(Concept().labels_joined, 1u);
}

TEST_F(ObserverLabelsTest, LagIsFromPredictionToWhenTheTruthWasObserved) {
  Watch();
  Predict("a", 0.9f);
  const int64_t predicted_ns = clock_.UnixNanos();
  labelled_.RunOnce();
  clock_.AdvanceSeconds(20);
  Report("a", 1.0, 0, predicted_ns + 12 * kSecond);
  labelled_.RunOnce();
  EXPECT_NEAR(*Concept().label_lag_seconds, 12, 1e-9);
}

TEST_F(ObserverLabelsTest, AModelWithoutLabelsHasNoConcept) {
  monitor_.labels.reset();
  Watch();
  Predict("a", 0.9f);
  Report("a", 1.0);
  EXPECT_FALSE(Evaluated()->evaluation.concept_drift);
  EXPECT_EQ(Count(LabelOutcome::kUnknown), 1u);
}

TEST_F(ObserverLabelsTest, AFlipOfTheLabelsIsDriftAnEventAndALogLine) {
  Watch();
  Play(800, 0.05);
  EXPECT_EQ(Concept().state, drift::State::kStable) << Concept().reason;
  EXPECT_TRUE(Events("concept", "drifted").empty());
  Play(600, 0.95);
  EXPECT_EQ(Concept().state, drift::State::kDrifted);
  const auto events = Events("concept", "drifted");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].feature(), "");
  EXPECT_GT(events[0].value(), 0.1) << "the mean error";
  EXPECT_EQ(Events("adwin", "drifted").size(), 1u);
  EXPECT_EQ(LogLines("concept drift was"), LogLines("concept drift was stable, is") +
                                               LogLines("concept drift was warning, is"));
  EXPECT_GE(LogLines("is drifted; mean error"), 1u);
}

TEST_F(ObserverLabelsTest, LabelsAreAFeatureOfTheirOwnWindow) {
  Watch();
  Play(900, 0.05);
  const auto& features = Evaluated()->evaluation.population.features;
  ASSERT_EQ(features.size(), 4u);
  const drift::FeatureResult& late = features[3];
  EXPECT_EQ(late.name, "late");
  EXPECT_EQ(late.role, drift::Role::kLabel);
  EXPECT_TRUE(late.ready) << late.reason;
  EXPECT_EQ(late.state, drift::State::kStable);
  EXPECT_EQ(snapshot_->reference->features.size(), 4u);
  EXPECT_EQ(snapshot_->history.back().psi.size(), 4u);
}

TEST_F(ObserverLabelsTest, LabelDriftIsFoundAndDoesNotMoveTheModel) {
  Watch();
  Play(100, 0.05);
  for (int i = 0; i < 900; ++i, ++played_) {
    const std::string id = "q" + std::to_string(i);
    Predict(id, 0.9f);
    Report(id, 1.0);
    clock_.Advance(kSecond / 10);
    labelled_.RunOnce();
  }
  const drift::FeatureResult& late = Evaluated()->evaluation.population.features[3];
  ASSERT_TRUE(late.ready) << late.reason;
  EXPECT_EQ(late.state, drift::State::kDrifted);
  EXPECT_GE(LogLines("label 'late' psi"), 1u);
}

TEST_F(ObserverLabelsTest, FewLabelsAreNoVerdict) {
  Watch();
  // Two and a half minutes of predictions; one in ten has its label.
  for (int i = 0; i < 1500; ++i) {
    const std::string id = "r" + std::to_string(i);
    Predict(id, 0.9f);
    if (i % 10 == 0) Report(id, 1.0);
    clock_.Advance(kSecond / 10);
    labelled_.RunOnce();
  }
  const drift::ConceptResult& result = Concept();
  ASSERT_TRUE(result.join_rate);
  EXPECT_NEAR(*result.join_rate, 0.1, 0.02);
  EXPECT_EQ(result.state, drift::State::kWarming);
  EXPECT_NE(result.reason.find("min_join_rate"), std::string::npos) << result.reason;
}

TEST_F(ObserverLabelsTest, AReferenceWithoutTheLabelIsNoErrorButNoLabelDriftEither) {
  labelled_.Watch(model_, reference_, monitor_);
  Play(400, 0.05);
  EXPECT_EQ(Concept().state, drift::State::kStable);
  EXPECT_EQ(snapshot_->evaluation.population.features.size(), 3u);
}

}  // namespace
}  // namespace driftserve
