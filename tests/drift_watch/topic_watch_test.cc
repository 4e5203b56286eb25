#include "drift/watch/topic_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drift_topic/sample_record.h"

namespace drift {
namespace {

using driftserve::v1::Record;
using ::testing::ElementsAre;

constexpr int64_t kNow = kSampleTimeNs + int64_t{3'000'000'000};

class TopicWatchTest : public ::testing::Test {
 protected:
  void Start(const MonitorSettings* monitor = nullptr) {
    std::vector<std::unique_ptr<WatchedVersion>> versions;
    versions.push_back(std::make_unique<WatchedVersion>(*reference_, monitor, 0));
    watch_ = std::make_unique<TopicWatch>(std::move(versions));
    watch_->Assigned({0, 0, 0, 0});
  }

  void Take(const std::string& value, bool counted = true) {
    GroupMessage message;
    message.message.offset = offset_++;
    message.message.value = value;
    message.counted = counted;
    watch_->Take(message, kNow);
  }
  void Take(const Record& record, bool counted = true) { Take(record.SerializeAsString(), counted); }
  Record Next() { return SampleRecord(++seq_, *reference_); }

  uint64_t Skipped(SkipReason reason) { return watch_->counts().skipped.count(reason); }
  WatchedVersion& version() { return *watch_->versions()[0]; }
  uint64_t TotalRows() {
    uint64_t rows = 0;
    for (const auto& [key, totals] : version().totals()) rows += totals.rows;
    return rows;
  }
  double WindowRows() { return version().Evaluate(kNow).population.rows_kept; }

  const std::shared_ptr<const Reference> reference_ = SharedReference();
  std::unique_ptr<TopicWatch> watch_;
  int64_t offset_ = 0;
  uint64_t seq_ = 0;
};

TEST_F(TopicWatchTest, WhatIsNoRowIsCountedByReason) {
  Start();
  Take("nonsense");
  Record other = Next();
  other.set_model_name("another");
  Take(other);
  Record version = Next();
  version.set_model_version("9");
  Take(version);
  Record reference = Next();
  reference.set_reference_hash("0123");
  Take(reference);
  Record hashed = Next();
  hashed.mutable_features(2)->set_keyed_hash("x");
  Take(hashed);
  Record future = Next();
  future.mutable_time()->set_seconds(kNow / 1'000'000'000 + 3600);
  Take(future);
  const Record twice = Next();
  Take(twice);
  Take(twice);
  watch_->Committed();
  for (const SkipReason reason :
       {SkipReason::kCorrupt, SkipReason::kOtherModel, SkipReason::kOtherVersion, SkipReason::kOtherReference,
        SkipReason::kHashedField, SkipReason::kOutOfTime, SkipReason::kDuplicate}) {
    EXPECT_EQ(Skipped(reason), 1u) << Name(reason);
  }
  EXPECT_EQ(watch_->counts().rows, 1u);
  EXPECT_EQ(WindowRows(), 1);
}

TEST_F(TopicWatchTest, TotalsGrowWhenRowsAreCommitted) {
  Start();
  for (int i = 0; i < 10; ++i) Take(Next());
  EXPECT_EQ(TotalRows(), 0u);
  EXPECT_EQ(watch_->counts().rows, 0u);
  EXPECT_EQ(WindowRows(), 10);
  watch_->Committed();
  EXPECT_EQ(TotalRows(), 10u);
  EXPECT_EQ(version().totals().begin()->second.represented, 20) << "the sum of 1/π at π = ½";
  watch_->Committed();
  EXPECT_EQ(TotalRows(), 10u);
}

TEST_F(TopicWatchTest, WhatWasNotCommittedIsTheNextOwners) {
  Start();
  Take(Next());
  watch_->Committed();
  Take(Next());
  watch_->Revoked(0, false);
  EXPECT_EQ(TotalRows(), 1u);
  EXPECT_EQ(WindowRows(), 0);
  Take(Next());  // still on its way when the partition went
  watch_->Committed();
  EXPECT_EQ(TotalRows(), 1u);
}

TEST_F(TopicWatchTest, WhatIsReadAgainFillsTheWindowOnly) {
  Start();
  for (int i = 0; i < 5; ++i) Take(Next(), false);
  Take("nonsense", false);
  for (int i = 0; i < 3; ++i) Take(Next());
  watch_->Committed();
  EXPECT_EQ(WindowRows(), 8);
  EXPECT_EQ(TotalRows(), 3u);
  EXPECT_EQ(watch_->counts().read_again, 6u);
  EXPECT_EQ(watch_->counts().skipped.total(), 0u);
}

TEST_F(TopicWatchTest, ARowOlderThanTheWindowIsLateOnce) {
  Start();
  Record late = Next();
  late.mutable_time()->set_seconds(kSampleTimeNs / 1'000'000'000 - 7200);
  Take(Next());
  Take(late);
  watch_->Committed();
  EXPECT_EQ(version().counters().late_rows, 1u);
  EXPECT_EQ(TotalRows(), 1u);
}

TEST_F(TopicWatchTest, MessagesPassedOverAreCounted) {
  Start();
  watch_->Assigned({1, 500, 200, 300});
  watch_->Committed();
  EXPECT_EQ(watch_->counts().passed_over, 300u);
}

TEST_F(TopicWatchTest, UnknownStrataAreOneAndSaidSo) {
  Start();
  EXPECT_THAT(version().strata(), ElementsAre("default", "DL", "UA", "other"));
  Record gold = Next();
  gold.set_stratum("gold");
  Take(gold);
  EXPECT_EQ(version().other_stratum_rows(), 1u);
  const Evaluation evaluation = version().Evaluate(kNow);
  EXPECT_EQ(evaluation.strata.back().stratum, "other");
}

TEST_F(TopicWatchTest, WhatMonitorYamlHashesIsLeftOut) {
  MonitorSettings monitor;
  monitor.record.all = false;
  monitor.record.modes = {{"temperature", RecordMode::kKeep}, {"number", RecordMode::kKeep},
                          {"carrier", RecordMode::kHash}, {"score", RecordMode::kKeep}};
  monitor.sampling.rates = {{"UA", 1.0}};
  Start(&monitor);
  EXPECT_THAT(version().left_out(), ElementsAre("carrier", "flag"));
  EXPECT_THAT(version().strata(), ElementsAre("default", "UA", "other"));
  Record record = Next();
  record.mutable_features(2)->set_keyed_hash("x");
  record.mutable_features()->RemoveLast();
  Take(record);
  watch_->Committed();
  EXPECT_EQ(TotalRows(), 1u);
  EXPECT_EQ(version().Evaluate(kNow).population.features.size(), 3u);
}

TEST_F(TopicWatchTest, RulesAreCountedApartUpToABound) {
  Start();
  for (uint32_t rule = 1; rule <= WatchedVersion::kMostTotals + 50; ++rule) {
    Record record = Next();
    record.set_sampling_rule(rule);
    Take(record);
    if (rule % 100 == 0) watch_->Committed();
  }
  watch_->Committed();
  EXPECT_EQ(version().totals().size(), WatchedVersion::kMostTotals);
  EXPECT_EQ(TotalRows(), WatchedVersion::kMostTotals + 50);
}

}  // namespace
}  // namespace drift
