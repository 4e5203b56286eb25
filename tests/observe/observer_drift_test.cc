#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>

#include "driftserve/v1/event.pb.h"
#include "tests/observe/pipeline.h"

namespace driftserve {
namespace {

class ObserverDriftTest : public Pipeline {
 protected:
  std::vector<v1::DriftEvent> Events(const std::string& feature, const std::string& to) const {
    std::vector<v1::DriftEvent> events;
    for (const OutgoingRecord& record : publisher_.RecordsOf("events")) {
      v1::DriftEvent event;
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(record.value, &event).ok()) << record.value;
      if (event.feature() == feature && event.to_state() == to && event.stratum().empty()) events.push_back(event);
    }
    return events;
  }

  static double ShareBelowHalf(const ModelSnapshot& snapshot) {
    double share = 0;
    for (const drift::Bin& bin : snapshot.evaluation.population.features[0].bins) {
      if (bin.upper && *bin.upper <= 0.51) share += bin.current_share.value_or(0);
    }
    return share;
  }
};

TEST_F(ObserverDriftTest, AnUnchangedFeatureStaysStable) {
  observer_.Watch(model_, reference_, MakeMonitor());
  Serve(12'000, 120);
  for (const drift::FeatureResult& feature : Snapshot()->evaluation.population.features) {
    EXPECT_EQ(feature.state, drift::State::kStable) << feature.name << ": " << feature.reason;
  }
  EXPECT_EQ(Events("x", "drifted").size(), 0u);
  EXPECT_EQ(LogLines("is drifted"), 0u);
}

TEST_F(ObserverDriftTest, APlantedShiftIsToldExactlyOnce) {
  observer_.Watch(model_, reference_, MakeMonitor());
  Serve(6'000, 60);
  Serve(18'000, 180, 0.6f);
  const auto snapshot = Snapshot();
  EXPECT_EQ(snapshot->evaluation.population.features[0].state, drift::State::kDrifted);
  EXPECT_EQ(snapshot->evaluation.population.features[1].state, drift::State::kStable) << "carrier did not change";
  const auto events = Events("x", "drifted");
  ASSERT_EQ(events.size(), 2u) << "one of psi, one of ks";
  EXPECT_NE(events[0].drift_type(), events[1].drift_type());
  EXPECT_GT(events[0].value(), events[0].threshold());
  EXPECT_EQ(LogLines("feature 'x' psi was"), LogLines("feature 'x' psi was stable, is warning") +
                                                 LogLines("feature 'x' psi was warning, is drifted") +
                                                 LogLines("feature 'x' psi was stable, is drifted"));
  EXPECT_EQ(LogLines("feature 'x' psi was stable"), 1u);
  EXPECT_EQ(publisher_.EventCounts().in_flight, 0u);
  EXPECT_EQ(publisher_.Counts().sampled, model_->kept()[0].Read()) << "events are not samples";
}

TEST_F(ObserverDriftTest, WithoutRowsAModelGoesStaleAndSaysSoOnce) {
  observer_.Watch(model_, reference_, MakeMonitor());
  Serve(6'000, 60);
  for (int i = 0; i < 40; ++i) {
    observer_.RunOnce();
    clock_.AdvanceSeconds(5);
  }
  EXPECT_EQ(Snapshot()->evaluation.model_state, drift::State::kStale);
  EXPECT_EQ(Events("", "stale").size(), 1u);
  EXPECT_TRUE(Snapshot()->evaluation.population.features[0].measures.empty());
}

TEST_F(ObserverDriftTest, ANewRateDoesNotLookLikeDrift) {
  observer_.Watch(model_, reference_, MakeMonitor());
  // x is below one half while half of the rows are kept, above it while a tenth is. Versions are hashes: the later one
  // may be the smaller number.
  for (int second = 0; second < 40; ++second) {
    if (second == 20) {
      serving_.Answer(model_, 0.25f, "UA");  // still on its way when the rates change
      model_->SetRule(std::make_unique<SamplingRule>(std::vector<StratumRate>{{"gold", 1.0}}, 0.1, 42, 2));
    }
    for (int i = 0; i < 100; ++i) {
      const auto x = static_cast<float>(i) / 200 + (second < 20 ? 0.0f : 0.5f);
      serving_.Answer(model_, x, "UA");
    }
    observer_.RunOnce();
    clock_.AdvanceSeconds(1);
  }
  clock_.AdvanceSeconds(5);
  observer_.RunOnce();
  EXPECT_NEAR(ShareBelowHalf(*Snapshot()), 0.5, 0.05);
  std::vector<uint32_t> rules;
  for (const BinCounts& counts : Snapshot()->bins) {
    if (counts.feature == "x" && counts.stratum == "default") rules.push_back(counts.rule);
  }
  EXPECT_THAT(rules, ::testing::UnorderedElementsAre(2, 5)) << "counts of each rule apart, for fleets";
}

TEST_F(ObserverDriftTest, RowsThatTheRingDroppedAreCountedAndWeighedFor) {
  Tap narrow({16, size_t{1} << 20});
  Serving serving(0, narrow.AddProducer(), &clock_);
  Observer observer({7, "driftserve/test", "samples", "events", ""}, &clock_, &narrow, &publisher_, &board_);
  model_->SetRule(std::make_unique<SamplingRule>(std::vector<StratumRate>{{"gold", 1.0}}, 1.0, 42, 2));
  observer.Watch(model_, reference_, MakeMonitor());
  for (int second = 0; second < 20; ++second) {
    // The lower half comes in bursts that the ring cannot hold, the upper half one by one.
    const bool burst = second % 2 == 0;
    for (int i = 0; i < 100; ++i) {
      serving.Answer(model_, static_cast<float>(i) / 200 + (burst ? 0.0f : 0.5f), "UA");
      if (!burst) observer.RunOnce();
    }
    observer.RunOnce();
    clock_.AdvanceSeconds(1);
  }
  clock_.AdvanceSeconds(5);
  observer.RunOnce();
  EXPECT_EQ(model_->dropped()[0].Read(), 10u * 84u);
  EXPECT_EQ(model_->kept()[0].Read(), 10u * 16u + 1000u);
  EXPECT_EQ(publisher_.Counts().sampled, model_->kept()[0].Read());
  EXPECT_EQ(Snapshot()->evaluation.population.rows_seen, 2000);
  EXPECT_NEAR(ShareBelowHalf(*Snapshot()), 0.5, 0.05) << "not 160 of 1160";
}

}  // namespace
}  // namespace driftserve
