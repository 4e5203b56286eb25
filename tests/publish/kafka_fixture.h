#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "server/publish/kafka_publisher.h"
#include "tests/fakes/fake_clock.h"
#include "tests/publish/mock_broker.h"

namespace driftserve {

/// A publisher against a mock broker, whose every step is held against conservation.
class KafkaFixture : public ::testing::Test {
 protected:
  void Open(KafkaSettings settings) {
    settings.brokers = broker_.address();
    settings.linger_ms = 0;
    settings.properties.emplace("reconnect.backoff.ms", "10");
    settings.properties.emplace("reconnect.backoff.max.ms", "50");
    settings.properties.emplace("retry.backoff.ms", "10");
    auto publisher = MakeKafkaPublisher(std::move(settings), &clock_, [this](LogLevel level, const std::string& text) {
      log_.emplace_back(level, text);
    });
    ASSERT_TRUE(publisher.ok()) << publisher.status();
    publisher_ = *std::move(publisher);
  }

  static OutgoingRecord Record(uint64_t seq, std::string value = "value") {
    OutgoingRecord record;
    record.seq = seq;
    record.topic = "samples";
    record.key = "flight_delay/UA";
    record.value = std::move(value);
    return record;
  }

  void Publish(OutgoingRecord record) {
    publisher_->Publish(std::move(record));
    ExpectConserved();
  }

  void Poll() {
    publisher_->Poll([this](const Delivery& delivery) { endings_[delivery.seq].push_back(delivery); });
    ExpectConserved();
  }

  /// Polls until `done`; the test's own time limit ends a wait in vain.
  template <typename Condition>
  void PollUntil(Condition done) {
    for (Poll(); !done(publisher_->Counts()); Poll()) broker_.Wait();
  }
  void PollUntilAllEnded() {
    PollUntil([](const PublishCounts& counts) { return counts.in_flight == 0; });
  }

  void ExpectConserved() {
    const PublishCounts counts = publisher_->Counts();
    uint64_t ended = counts.acknowledged + counts.in_flight;
    for (const uint64_t dropped : counts.dropped) ended += dropped;
    ASSERT_EQ(counts.sampled, ended);
  }

  uint64_t Dropped(DropReason reason) const { return publisher_->Counts().dropped[static_cast<int>(reason)]; }

  /// How many times each published record ended; 1 is right.
  void ExpectEachEndedOnce(uint64_t records) {
    EXPECT_EQ(endings_.size(), records);
    for (const auto& [seq, endings] : endings_) EXPECT_EQ(endings.size(), 1u) << "record " << seq;
  }

  size_t LogLines(const std::string& part) const {
    size_t lines = 0;
    for (const auto& [level, text] : log_) lines += text.find(part) != std::string::npos;
    return lines;
  }

  MockBroker broker_;
  FakeClock clock_;
  std::vector<std::pair<LogLevel, std::string>> log_;
  std::map<uint64_t, std::vector<Delivery>> endings_;
  std::unique_ptr<Publisher> publisher_;
};

}  // namespace driftserve
