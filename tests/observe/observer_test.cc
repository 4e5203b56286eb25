#include "server/observe/observer.h"

#include <set>

#include "tests/observe/pipeline.h"

namespace driftserve {
namespace {

class ObserverTest : public Pipeline {};

TEST_F(ObserverTest, EveryKeptRowBecomesOneRecord) {
  observer_.Watch(model_, reference_, MakeMonitor());
  Serve(3000, 10);
  const uint64_t kept = model_->kept()[0].Read();
  EXPECT_NEAR(kept, 1500, 4 * 27.4);
  EXPECT_EQ(model_->seen().Total(0), 3000u);
  EXPECT_EQ(publisher_.Counts().sampled, kept);
  EXPECT_EQ(publisher_.Counts().acknowledged, kept);
  ExpectConserved();

  std::set<uint64_t> numbers;
  for (const OutgoingRecord& outgoing : publisher_.RecordsOf("samples")) {
    v1::Record record;
    ASSERT_TRUE(record.ParseFromString(outgoing.value));
    EXPECT_EQ(record.seq(), outgoing.seq);
    EXPECT_EQ(record.boot_id(), 7u);
    EXPECT_EQ(record.inclusion_probability(), 0.5);
    numbers.insert(record.seq());
    EXPECT_EQ(record.features(0).number(), float(record.outputs(0).number()));
  }
  EXPECT_EQ(numbers.size(), kept);
  EXPECT_EQ(*numbers.begin(), 1u);
  EXPECT_EQ(*numbers.rbegin(), kept) << "without a gap";
}

TEST_F(ObserverTest, TheEvaluationKnowsHowManyRowsThereWere) {
  observer_.Watch(model_, reference_, MakeMonitor());
  Serve(3000, 10);
  clock_.AdvanceSeconds(5);
  observer_.RunOnce();
  ASSERT_NE(Snapshot(), nullptr);
  EXPECT_EQ(Snapshot()->evaluation.population.rows_seen, 3000);
  EXPECT_EQ(Snapshot()->evaluation.population.rows_kept, model_->kept()[0].Read());
}

TEST_F(ObserverTest, EvaluationsComeWhenTheyAreDue) {
  observer_.Watch(model_, reference_, MakeMonitor());
  EXPECT_EQ(Snapshot(), nullptr);
  observer_.RunOnce();
  ASSERT_NE(Snapshot(), nullptr) << "the first at once: what is watched is seen to be warming up";
  EXPECT_EQ(Snapshot()->evaluation.model_state, drift::State::kWarming);
  const auto first = Snapshot();
  clock_.Advance(5 * kSecond - 1);
  observer_.RunOnce();
  EXPECT_EQ(Snapshot(), first);
  clock_.Advance(1);
  observer_.RunOnce();
  EXPECT_NE(Snapshot(), first);
  EXPECT_EQ(Snapshot()->history.size(), 2u);
  clock_.AdvanceSeconds(3600);
  observer_.RunOnce();
  observer_.RunOnce();
  EXPECT_EQ(Snapshot()->history.size(), 3u) << "after a stall one evaluation, not one for each that was missed";
}

TEST_F(ObserverTest, HistoryIsBounded) {
  observer_.Watch(model_, reference_, MakeMonitor());
  for (int i = 0; i < 300; ++i) {
    observer_.RunOnce();
    clock_.AdvanceSeconds(5);
  }
  const auto snapshot = Snapshot();
  EXPECT_EQ(snapshot->history.size(), 240u);
  EXPECT_EQ(snapshot->history.back().time_ns, snapshot->evaluation.time_ns);
  EXPECT_EQ(snapshot->history.back().psi.size(), 3u);
  EXPECT_TRUE(std::isnan(snapshot->history.back().psi[0])) << "not ready";
}

TEST_F(ObserverTest, EveryBinOfEveryStratumIsCountedFromZero) {
  observer_.Watch(model_, reference_, MakeMonitor());
  observer_.RunOnce();
  const auto snapshot = Snapshot();
  ASSERT_EQ(snapshot->bins.size(), 2u * 3u) << "two strata, three features, before any row";
  for (const BinCounts& counts : snapshot->bins) {
    EXPECT_EQ(counts.rule, 5u);
    EXPECT_FALSE(counts.bins.empty());
    for (const uint64_t observations : counts.observations) EXPECT_EQ(observations, 0u);
  }
}

TEST_F(ObserverTest, BinCountsAddUpToTheKeptRowsOfEachStratum) {
  observer_.Watch(model_, reference_, MakeMonitor());
  Serve(600, 6);
  for (int i = 0; i < 50; ++i) serving_.Answer(model_, 0.5f, "UA", 1);
  clock_.AdvanceSeconds(5);
  observer_.RunOnce();
  const auto snapshot = Snapshot();
  ASSERT_EQ(snapshot->bins.size(), 2u * 3u) << "two strata, three features";
  for (const BinCounts& counts : snapshot->bins) {
    ASSERT_EQ(counts.bins.size(), counts.observations.size());
    uint64_t rows = 0;
    for (const uint64_t observations : counts.observations) rows += observations;
    EXPECT_EQ(rows, model_->kept()[counts.stratum == "gold" ? 1 : 0].Read()) << counts.feature << counts.stratum;
    EXPECT_EQ(counts.rule, 5u);
  }
}

TEST_F(ObserverTest, ABrokerThatIsAwayChangesNothingButItsCounters) {
  publisher_.Cork();
  observer_.Watch(model_, reference_, MakeMonitor());
  Serve(600, 6);
  clock_.AdvanceSeconds(5);
  observer_.RunOnce();
  EXPECT_EQ(Snapshot()->evaluation.population.rows_seen, 600);
  EXPECT_EQ(publisher_.Counts().in_flight, model_->kept()[0].Read());
  ExpectConserved();
  publisher_.Uncork();
  observer_.RunOnce();
  EXPECT_EQ(publisher_.Counts().in_flight, 0u);
  ExpectConserved();
}

TEST_F(ObserverTest, RepeatedRequestIdsAreCounted) {
  observer_.Watch(model_, reference_, MakeMonitor());
  for (const char* id : {"a", "b", "a", "", "", "c"}) serving_.Answer(model_, 0.5f, "UA", 1, id);
  observer_.RunOnce();
  EXPECT_EQ(Snapshot()->repeated_request_ids, 1u);
}

TEST_F(ObserverTest, ABusyProducerDoesNotKeepTheOthersWaiting) {
  observer_.Watch(model_, reference_, MakeMonitor());
  Serving other(0, tap_.AddProducer(), &clock_);
  for (size_t i = 0; i < Observer::kPassSamples + 100; ++i) serving_.Answer(model_, 0.5f, "UA", 1);
  other.Answer(model_, 0.5f, "UA", 1);
  EXPECT_GE(observer_.RunOnce(), Observer::kPassSamples);
  EXPECT_EQ(other.producer()->queued_bytes(), 0u);
  EXPECT_GT(serving_.producer()->queued_bytes(), 0u);
  EXPECT_GT(observer_.RunOnce(), 0u);
  EXPECT_EQ(observer_.RunOnce(), 0u);
}

TEST_F(ObserverTest, APassSaysWhenItWas) {
  observer_.RunOnce();
  EXPECT_EQ(observer_.last_pass_ns(), clock_.UnixNanos());
}

}  // namespace
}  // namespace driftserve
