#include "tests/publish/kafka_fixture.h"

namespace driftserve {
namespace {

class KafkaFaultsTest : public KafkaFixture {};

TEST_F(KafkaFaultsTest, RecordsWaitForABrokerThatIsAwayAndAreThenDelivered) {
  Open({});
  Publish(Record(1));
  PollUntilAllEnded();
  broker_.SetDown();
  PollUntil([this](const PublishCounts&) { return LogLines("no answer from") > 0; });
  for (uint64_t seq = 2; seq <= 100; ++seq) Publish(Record(seq));
  for (int i = 0; i < 50; ++i) {
    Poll();
    broker_.Wait();
  }
  EXPECT_EQ(publisher_->Counts().in_flight, 99u);
  broker_.SetUp();
  PollUntilAllEnded();
  EXPECT_EQ(publisher_->Counts().acknowledged, 100u);
  ExpectEachEndedOnce(100);
  EXPECT_EQ(LogLines("no answer from"), 1u) << "once, however often it was tried";
  EXPECT_EQ(LogLines("records are delivered"), 1u);
}

TEST_F(KafkaFaultsTest, ABrokerThatWasNeverThereIsWaitedFor) {
  broker_.SetDown();
  Open({});
  Publish(Record(1));
  PollUntil([this](const PublishCounts&) { return LogLines("no answer from") > 0; });
  EXPECT_EQ(publisher_->Counts().in_flight, 1u);
  broker_.SetUp();
  PollUntilAllEnded();
  EXPECT_EQ(publisher_->Counts().acknowledged, 1u);
}

TEST_F(KafkaFaultsTest, WhatTheQueueCannotHoldIsDroppedAndSaidOnce) {
  broker_.SetDown();
  Open({.queue_messages = 10});
  for (uint64_t seq = 1; seq <= 25; ++seq) Publish(Record(seq));
  EXPECT_EQ(publisher_->Counts().in_flight, 10u);
  EXPECT_EQ(Dropped(DropReason::kQueueFull), 15u);
  EXPECT_EQ(LogLines("raise kafka.queue_messages"), 1u);
  broker_.SetUp();
  PollUntilAllEnded();
  EXPECT_EQ(publisher_->Counts().acknowledged, 10u);
  ExpectEachEndedOnce(25);
}

TEST_F(KafkaFaultsTest, TheQueueIsBoundedInBytesToo) {
  broker_.SetDown();
  Open({.queue_bytes = 64 << 10});
  for (uint64_t seq = 1; seq <= 20; ++seq) Publish(Record(seq, std::string(10'000, 'x')));
  EXPECT_LE(publisher_->Counts().in_flight, 7u);
  EXPECT_GE(Dropped(DropReason::kQueueFull), 13u);
}

TEST_F(KafkaFaultsTest, ARecordAboveTheMessageLimitIsDroppedAtOnce) {
  Open({});
  Publish(Record(1, std::string(2'000'000, 'x')));
  EXPECT_EQ(Dropped(DropReason::kTooLarge), 1u);
  EXPECT_EQ(publisher_->Counts().in_flight, 0u);
}

TEST_F(KafkaFaultsTest, ADeliveryTimeoutEndsTheWait) {
  broker_.SetDown();
  Open({.delivery_timeout_ms = 200});
  Publish(Record(1));
  PollUntilAllEnded();
  EXPECT_EQ(Dropped(DropReason::kTimedOut), 1u);
  EXPECT_EQ(LogLines("reason timed_out"), 1u);
}

TEST_F(KafkaFaultsTest, WhatTheBrokerRefusesForGoodIsDroppedAsRejected) {
  Open({});
  broker_.FailRequests(0, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
  Publish(Record(1));
  PollUntilAllEnded();
  EXPECT_EQ(Dropped(DropReason::kRejected), 1u);
  ExpectEachEndedOnce(1);
  EXPECT_EQ(LogLines("reason rejected"), 1u);
}

TEST_F(KafkaFaultsTest, WhatIsOnlyInTheWayForNowIsTriedAgain) {
  Open({});
  broker_.FailRequests(0, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 3);
  Publish(Record(1));
  PollUntilAllEnded();
  EXPECT_EQ(publisher_->Counts().acknowledged, 1u);
}

TEST_F(KafkaFaultsTest, AClientThatFailedIsReplacedAndWhatItHeldIsCounted) {
  broker_.FailRequests(22, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, 1);
  Open({});
  for (uint64_t seq = 1; seq <= 5; ++seq) Publish(Record(seq));
  PollUntilAllEnded();
  EXPECT_EQ(Dropped(DropReason::kRejected), 5u);
  ExpectEachEndedOnce(5);
  EXPECT_EQ(LogLines("is replaced"), 1u);

  Publish(Record(6));
  PollUntilAllEnded();
  EXPECT_EQ(publisher_->Counts().acknowledged, 1u);
  ExpectEachEndedOnce(6);
}

TEST_F(KafkaFaultsTest, AReplacementThatFailsAtOnceIsNotTriedAgainBeforeItsTime) {
  broker_.FailRequests(22, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, 2);
  Open({});
  Publish(Record(1));
  PollUntilAllEnded();
  Publish(Record(2));  // to the replacement, which fails too
  PollUntilAllEnded();
  Poll();
  Publish(Record(3));  // nobody is there to take it
  EXPECT_EQ(Dropped(DropReason::kRejected), 3u);

  clock_.AdvanceSeconds(1);
  Poll();
  Publish(Record(4));
  PollUntilAllEnded();
  EXPECT_EQ(publisher_->Counts().acknowledged, 1u);
}

TEST_F(KafkaFaultsTest, ShutdownDeliversWhatItCan) {
  Open({});
  for (uint64_t seq = 1; seq <= 100; ++seq) Publish(Record(seq));
  publisher_->Flush(60'000);
  ExpectConserved();
  EXPECT_EQ(publisher_->Counts().acknowledged, 100u);
}

TEST_F(KafkaFaultsTest, ShutdownWithoutABrokerKeepsItsBudgetAndCountsTheRest) {
  broker_.SetDown();
  Open({});
  for (uint64_t seq = 1; seq <= 100; ++seq) Publish(Record(seq));
  publisher_->Flush(50);
  ExpectConserved();
  EXPECT_EQ(publisher_->Counts().in_flight, 0u);
  EXPECT_EQ(Dropped(DropReason::kShutdown), 100u);
  Publish(Record(101));
  EXPECT_EQ(Dropped(DropReason::kShutdown), 101u);
  Poll();
  ExpectEachEndedOnce(101);
}

}  // namespace
}  // namespace driftserve
