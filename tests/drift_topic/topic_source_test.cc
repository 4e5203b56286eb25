#include "drift/topic/topic_source.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drift_topic/sample_record.h"
#include "tests/drift_topic/topic_writer.h"
#include "tests/publish/mock_broker.h"

namespace drift {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kPartitions = 4;  // of the mock broker's topics

class TopicSourceTest : public ::testing::Test {
 protected:
  TopicSourceOptions Options() const {
    TopicSourceOptions options;
    options.address.brokers = broker_.address();
    options.address.topic = "samples";
    options.reference = reference_;
    return options;
  }

  /// Reads to the end: how often each seq came, by its temperature's bits; rows in all.
  size_t ReadAll(RowSource& source) {
    size_t rows = 0;
    while (true) {
      const auto batch = source.Next();
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok() || *batch == nullptr) return rows;
      EXPECT_GT((*batch)->rows, 0u);
      for (const auto& column : (*batch)->values) EXPECT_EQ(column.size(), (*batch)->rows);
      for (size_t i = 0; i < (*batch)->rows; ++i) {
        times_.insert((*batch)->times_ns[i]);
        ++strata_[std::string((*batch)->strata[i])];
        EXPECT_EQ((*batch)->values[2][i].as_text(), (*batch)->strata[i]);  // the record's stratum is its carrier
        EXPECT_EQ((*batch)->inclusion_probabilities[i], 0.5);
      }
      rows += (*batch)->rows;
    }
  }

  std::string Record(uint64_t seq, int row) { return SampleRecord(seq, *reference_, row).SerializeAsString(); }

  void WriteRows(int rows) {
    TopicWriter writer(broker_.address(), "samples");
    for (int row = 0; row < rows; ++row) writer.Write(row % kPartitions, Record(static_cast<uint64_t>(row) + 1, row));
  }

  driftserve::MockBroker broker_;
  const std::shared_ptr<const Reference> reference_ = SharedReference();
  std::multiset<int64_t> times_;
  std::map<std::string, int> strata_;
};

TEST_F(TopicSourceTest, EveryRecordOfEveryPartitionIsARow) {
  WriteRows(3000);
  const auto source = OpenTopic(Options());
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->progress(), 0);
  EXPECT_EQ(ReadAll(**source), 3000u);
  EXPECT_EQ(times_.size(), std::set<int64_t>(times_.begin(), times_.end()).size());
  EXPECT_EQ(strata_["UA"], 1000);
  EXPECT_EQ((*source)->progress(), 1);
  const DataSide side = (*source)->side();
  EXPECT_EQ(side.rows, 3000u);
  EXPECT_EQ(side.first_ns, kSampleTimeNs);
  EXPECT_EQ(side.last_ns, kSampleTimeNs + 2999 * int64_t{1'000'000'000});
  EXPECT_THAT(side.source, HasSubstr("samples (4 partitions, 3000 messages)"));
  EXPECT_THAT((*source)->warnings(), IsEmpty());
}

TEST_F(TopicSourceTest, OffsetsBoundWhatIsRead) {
  WriteRows(400);
  TopicSourceOptions options = Options();
  options.address.from = {TopicPoint::Kind::kOffset, 10};
  options.address.to = {TopicPoint::Kind::kOffset, 35};
  const auto source = OpenTopic(options);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(ReadAll(**source), 25u * kPartitions);
}

TEST_F(TopicSourceTest, AnEmptyTopicHasNoRows) {
  WriteRows(0);
  { TopicWriter(broker_.address(), "samples").Write(0, ""); }  // makes the topic
  TopicSourceOptions options = Options();
  options.address.from = {TopicPoint::Kind::kOffset, 1};
  const auto source = OpenTopic(options);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(ReadAll(**source), 0u);
}

TEST_F(TopicSourceTest, WhatIsNoRowIsSkippedAndNamed) {
  {
    TopicWriter writer(broker_.address(), "samples");
    writer.Write(0, Record(1, 0));
    writer.Write(0, "no record");
    writer.Write(0, Record(2, 1), {{"content-type", "application/json"}});
    writer.Write(1, Record(3, 2), {{"content-type", "application/protobuf"}, {"ce_type", "driftserve.sample.v1"}});
    auto other = SampleRecord(4, *reference_);
    other.set_model_name("another");
    writer.Write(1, other.SerializeAsString());
    auto version = SampleRecord(5, *reference_);
    version.set_model_version("4");
    writer.Write(1, version.SerializeAsString());
    auto reference = SampleRecord(6, *reference_);
    reference.set_reference_hash("0123");
    writer.Write(2, reference.SerializeAsString());
    auto hashed = SampleRecord(7, *reference_);
    hashed.mutable_features(2)->set_keyed_hash("x");
    writer.Write(2, hashed.SerializeAsString());
    writer.Write(0, Record(1, 0));  // again
  }
  const auto source = OpenTopic(Options());
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(ReadAll(**source), 2u);
  const auto warnings = (*source)->warnings();
  EXPECT_THAT(warnings, Contains(HasSubstr("partition 0 offset 1 (not Protobuf of this schema)")));
  EXPECT_THAT(warnings, Contains(HasSubstr("partition 0 offset 2 (content-type 'application/json')")));
  EXPECT_THAT(warnings, Contains(HasSubstr("another model; skipped, the first: partition 1 offset 1")));
  EXPECT_THAT(warnings, Contains(HasSubstr("another version")));
  EXPECT_THAT(warnings, Contains(HasSubstr("another reference; skipped, the first: partition 2 offset 0")));
  EXPECT_THAT(warnings, Contains(HasSubstr("hash, which cannot be compared")));
  EXPECT_THAT(warnings, Contains(AllOf(HasSubstr("second time"), HasSubstr("partition 0 offset 3"))));
}

TEST_F(TopicSourceTest, AnyReferenceIsTakenWhereAsked) {
  {
    auto record = SampleRecord(1, *reference_);
    record.set_reference_hash("0123");
    TopicWriter(broker_.address(), "samples").Write(2, record.SerializeAsString());
  }
  TopicSourceOptions options = Options();
  options.address.any_reference = true;
  const auto source = OpenTopic(options);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(ReadAll(**source), 1u);
}

TEST_F(TopicSourceTest, ALossIsProven) {
  {
    TopicWriter writer(broker_.address(), "samples");
    for (int row = 0; row < 400; ++row) {
      if (row == 100 || row == 101 || row == 200) continue;
      writer.Write(row % kPartitions, Record(static_cast<uint64_t>(row) + 1, row));
    }
  }
  const auto source = OpenTopic(Options());
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(ReadAll(**source), 397u);
  EXPECT_THAT((*source)->warnings(), Contains(HasSubstr("3 records are lost, by the gaps in {boot_id, seq}; the first: "
                                                        "boot 000000000000b007 number 101 to 102, "
                                                        "boot 000000000000b007 number 201")));
}

TEST_F(TopicSourceTest, RowsOutsideTheTimesAreLeftOutWithoutAWarning) {
  WriteRows(100);
  TopicSourceOptions options = Options();
  options.address.to = {TopicPoint::Kind::kTime, kSampleTimeNs + 60 * int64_t{1'000'000'000}};
  const auto source = OpenTopic(options);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(ReadAll(**source), 60u);
  EXPECT_THAT((*source)->warnings(), IsEmpty());
}

TEST_F(TopicSourceTest, ABrokerThatIsAwayIsSaidInTime) {
  TopicSourceOptions options = Options();
  broker_.SetDown();
  options.timeout_ms = 300;
  const auto source = OpenTopic(options);
  ASSERT_FALSE(source.ok());
  EXPECT_TRUE(absl::IsUnavailable(source.status()));
  const std::string message(source.status().message().data(), source.status().message().size());
  EXPECT_THAT(message, HasSubstr("topic 'samples' at " + broker_.address()));
  EXPECT_THAT(message, HasSubstr("--timeout"));
}

TEST_F(TopicSourceTest, ABrokerThatGoesInTheMiddleIsSaidWithTheOffset) {
  WriteRows(8000);
  // The first rows are still on their way when the topic is open.
  broker_.SetRoundTripTime(300);
  TopicSourceOptions options = Options();
  options.timeout_ms = 4000;
  const auto source = OpenTopic(options);
  ASSERT_TRUE(source.ok()) << source.status();
  broker_.SetDown();
  absl::Status ended;
  while (ended.ok()) {
    const auto batch = (*source)->Next();
    ended = batch.status();
    if (batch.ok() && *batch == nullptr) break;
  }
  ASSERT_FALSE(ended.ok());
  const std::string message(ended.message().data(), ended.message().size());
  EXPECT_THAT(message, HasSubstr("nothing more came"));
  EXPECT_THAT(message, HasSubstr("of 2000"));
}

TEST_F(TopicSourceTest, ABadPropertyIsRefusedWithoutItsValue) {
  TopicSourceOptions options = Options();
  options.properties = {{"security.protocol", "s3cret"}};
  auto source = OpenTopic(options);
  ASSERT_FALSE(source.ok());
  std::string message(source.status().message().data(), source.status().message().size());
  EXPECT_THAT(message, HasSubstr("--kafka-config security.protocol"));
  EXPECT_THAT(message, Not(HasSubstr("s3cret")));
  options.properties = {{"no.such.property", "1"}};
  source = OpenTopic(options);
  ASSERT_FALSE(source.ok());
}

}  // namespace
}  // namespace drift
