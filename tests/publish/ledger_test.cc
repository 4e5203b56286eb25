#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "server/publish/no_broker_publisher.h"
#include "server/publish/publish_ledger.h"
#include "server/publish/trouble_log.h"

namespace driftserve {
namespace {

TEST(PublishLedgerTest, ARecordIsInFlightUntilItEnds) {
  PublishLedger ledger;
  ledger.Open(RecordKind::kSample);
  ledger.Open(RecordKind::kSample);
  EXPECT_EQ(ledger.Counts(RecordKind::kSample).in_flight, 2u);
  ledger.End({RecordKind::kSample, 1, true, {}});
  ledger.End({RecordKind::kSample, 2, false, DropReason::kTimedOut});
  const PublishCounts counts = ledger.Counts(RecordKind::kSample);
  EXPECT_EQ(counts.in_flight, 0u);
  EXPECT_EQ(counts.acknowledged, 1u);
  EXPECT_EQ(counts.dropped[static_cast<int>(DropReason::kTimedOut)], 1u);
  EXPECT_EQ(ledger.TakeEnded().size(), 2u);
  EXPECT_EQ(ledger.TakeEnded().size(), 0u);
  EXPECT_EQ(ledger.Counts(RecordKind::kEvent).sampled, 0u);
}

TEST(PublishLedgerTest, WhatIsStillOpenCanBeEnded) {
  PublishLedger ledger;
  ledger.Open(RecordKind::kSample);
  ledger.Open(RecordKind::kEvent);
  ledger.EndRest(DropReason::kShutdown);
  for (const RecordKind kind : {RecordKind::kSample, RecordKind::kEvent}) {
    EXPECT_EQ(ledger.Counts(kind).in_flight, 0u);
    EXPECT_EQ(ledger.Counts(kind).dropped[static_cast<int>(DropReason::kShutdown)], 1u);
  }
}

TEST(PublishLedgerTest, CountsReadByAnotherThreadAlwaysAddUp) {
  PublishLedger ledger;
  std::atomic<bool> stop{false};
  uint64_t wrong = 0;
  std::thread reader([&] {
    do {
      const PublishCounts counts = ledger.Counts(RecordKind::kSample);
      uint64_t ended = counts.acknowledged + counts.in_flight;
      for (const uint64_t dropped : counts.dropped) ended += dropped;
      wrong += counts.sampled != ended;
    } while (!stop);
  });
  for (uint64_t seq = 1; seq <= 20'000; ++seq) {
    ledger.Open(RecordKind::kSample);
    if (seq % 3 != 0) ledger.End({RecordKind::kSample, seq, seq % 2 == 0, DropReason::kRejected});
    if (seq % 100 == 0) ledger.TakeEnded();
  }
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(ledger.Counts(RecordKind::kSample).in_flight, 20'000u / 3);
}

TEST(NoBrokerPublisherTest, EveryRecordIsDroppedAndReported) {
  const auto publisher = MakeNoBrokerPublisher();
  publisher->Publish({.seq = 1});
  publisher->Publish({.seq = 2});
  std::vector<uint64_t> ended;
  publisher->Poll([&](const Delivery& delivery) {
    EXPECT_FALSE(delivery.acknowledged);
    ended.push_back(delivery.seq);
  });
  EXPECT_EQ(ended, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(publisher->Counts().sampled, 2u);
  EXPECT_EQ(publisher->Counts().dropped[static_cast<int>(DropReason::kNoBroker)], 2u);
  EXPECT_EQ(publisher->Counts().in_flight, 0u);
}

TEST(DropReasonTest, EveryReasonHasItsLabel) {
  const std::vector<std::string> names = {"no_broker", "queue_full", "too_large", "timed_out", "rejected", "shutdown"};
  ASSERT_EQ(names.size(), static_cast<size_t>(kDropReasonCount));
  for (int i = 0; i < kDropReasonCount; ++i) EXPECT_EQ(Name(static_cast<DropReason>(i)), names[i]);
}

TEST(TroubleLogTest, TroublesThatAlternateAreSaidOnceEachUntilAllIsWell) {
  std::vector<std::string> lines;
  TroubleLog trouble([&](LogLevel, const std::string& message) { lines.push_back(message); });
  trouble.Over("well");
  for (int i = 0; i < 10; ++i) {
    trouble.Begin(Trouble::kAway, LogLevel::kWarning, "away");
    trouble.Begin(Trouble::kRefused, LogLevel::kError, "refused");
  }
  trouble.Over("well");
  trouble.Over("well");
  trouble.Begin(Trouble::kAway, LogLevel::kWarning, "away");
  EXPECT_EQ(lines, (std::vector<std::string>{"away", "refused", "well", "away"}));
}

}  // namespace
}  // namespace driftserve
