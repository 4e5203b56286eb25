#include "drift/topic/record_row.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/observe/cloud_event.h"
#include "tests/drift_topic/sample_record.h"

namespace drift {
namespace {

using driftserve::v1::Record;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RecordRowTest : public ::testing::Test {
 protected:
  TopicMessage Message(const std::string& value) {
    TopicMessage message;
    message.value = value;
    return message;
  }
  std::optional<Skip> Parse(const Record& record) {
    bytes_ = record.SerializeAsString();
    return ReadRecord(Message(bytes_), read_);
  }
  std::optional<Skip> Row(const Record& record) { return rows_.Read(record, values_); }

  const std::shared_ptr<const Reference> reference_ = SharedReference();
  RecordRow rows_{reference_};
  std::vector<Value> values_;
  std::string bytes_;
  Record read_;
};

TEST_F(RecordRowTest, ARowHasTheReferencesOrderAndTheRecordsTypes) {
  const Record record = SampleRecord(1, *reference_, 4);
  ASSERT_FALSE(Parse(record));
  ASSERT_FALSE(Row(read_));
  ASSERT_EQ(values_.size(), 5u);
  EXPECT_DOUBLE_EQ(values_[0].as_double(), (4 * 37) / 7.0 - 40);
  EXPECT_EQ(values_[1].as_int64(), (int64_t{1} << 53) + 4);
  EXPECT_EQ(values_[2].as_text(), "DL");
  EXPECT_TRUE(values_[3].as_bool());
  EXPECT_DOUBLE_EQ(values_[4].as_double(), 52 / 997.0);
  EXPECT_EQ(TimeOf(read_), kSampleTimeNs + 4'000'000'000);
}

TEST_F(RecordRowTest, FieldsAreFoundInWhateverOrder) {
  Record record = SampleRecord(1, *reference_);
  record.mutable_features()->SwapElements(0, 2);
  ASSERT_FALSE(Row(record));
  EXPECT_EQ(values_[2].as_text(), "UA");
  EXPECT_DOUBLE_EQ(values_[0].as_double(), -40);
}

TEST_F(RecordRowTest, AFieldWithoutAValueIsMissing) {
  Record record = SampleRecord(1, *reference_);
  record.mutable_features(0)->clear_kind();
  record.mutable_features(2)->clear_kind();
  ASSERT_FALSE(Row(record));
  EXPECT_TRUE(values_[0].missing());
  EXPECT_TRUE(values_[2].missing());
}

TEST_F(RecordRowTest, WhatCannotBeComparedIsRefusedByName) {
  Record hashed = SampleRecord(1, *reference_);
  hashed.mutable_features(2)->set_keyed_hash("12345678");
  auto skip = Row(hashed);
  ASSERT_TRUE(skip);
  EXPECT_EQ(skip->reason, SkipReason::kHashedField);
  EXPECT_EQ(skip->detail, "'carrier'");

  Record absent = SampleRecord(1, *reference_);
  absent.mutable_features()->RemoveLast();
  skip = Row(absent);
  ASSERT_TRUE(skip);
  EXPECT_EQ(skip->reason, SkipReason::kAbsentField);
  EXPECT_EQ(skip->detail, "'flag'");

  Record unreadable = SampleRecord(1, *reference_);
  unreadable.mutable_features(0)->set_text("21.5");
  skip = Row(unreadable);
  ASSERT_TRUE(skip);
  EXPECT_EQ(skip->reason, SkipReason::kUnreadable);
  EXPECT_EQ(skip->detail, "feature 'temperature': expected FP32, got a text");

  Record number = SampleRecord(1, *reference_);
  number.mutable_features(2)->set_integer(7);
  skip = Row(number);
  ASSERT_TRUE(skip);
  EXPECT_EQ(skip->detail, "feature 'carrier': expected BYTES, got an integer");
}

TEST_F(RecordRowTest, AFeatureAndAPredictionOfOneNameAreTwo) {
  Record record = SampleRecord(1, *reference_);
  record.mutable_outputs(0)->set_name("temperature");
  auto skip = Row(record);
  ASSERT_TRUE(skip);
  EXPECT_EQ(skip->detail, "'score'");
}

TEST_F(RecordRowTest, WhatIsNoRecordIsCorrupt) {
  const auto reason = [this](const Record& record) {
    const auto skip = Parse(record);
    return skip ? std::optional(skip->reason) : std::nullopt;
  };
  const Record good = SampleRecord(1, *reference_);
  Record record = good;
  record.set_inclusion_probability(0);
  EXPECT_EQ(reason(record), SkipReason::kCorrupt);
  record.set_inclusion_probability(1.5);
  EXPECT_EQ(reason(record), SkipReason::kCorrupt);
  record.set_inclusion_probability(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(reason(record), SkipReason::kCorrupt);
  record = good;
  record.clear_model_version();
  EXPECT_EQ(reason(record), SkipReason::kCorrupt);
  record = good;
  record.clear_seq();
  EXPECT_EQ(reason(record), SkipReason::kCorrupt);
  record = good;
  record.mutable_time()->set_seconds(-1);
  EXPECT_EQ(reason(record), SkipReason::kCorrupt);
  record.mutable_time()->set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(reason(record), SkipReason::kCorrupt);
  record.mutable_time()->set_seconds(5);
  record.mutable_time()->set_nanos(1'000'000'000);
  EXPECT_EQ(reason(record), SkipReason::kCorrupt);
  EXPECT_EQ(reason(good), std::nullopt);
  EXPECT_EQ(ReadRecord(Message(""), read_)->reason, SkipReason::kCorrupt);
  EXPECT_EQ(ReadRecord(Message("{\"model\": 1}"), read_)->reason, SkipReason::kCorrupt);
}

TEST_F(RecordRowTest, HeadersOfSomethingElseAreForeign) {
  const std::string value = SampleRecord(1, *reference_).SerializeAsString();
  TopicMessage message = Message(value);
  message.content_type = "application/json";
  auto skip = ReadRecord(message, read_);
  ASSERT_TRUE(skip);
  EXPECT_EQ(skip->reason, SkipReason::kForeign);
  EXPECT_EQ(skip->detail, "content-type 'application/json'");
  message.content_type = "application/protobuf; charset=binary";
  EXPECT_FALSE(ReadRecord(message, read_));
  message.type = "driftserve.drift.v1";
  EXPECT_EQ(ReadRecord(message, read_)->reason, SkipReason::kForeign);
  message.type.reset();
  message.schema = "urn:protobuf:driftserve.v1.DriftEvent";
  EXPECT_EQ(ReadRecord(message, read_)->reason, SkipReason::kForeign);
}

TEST_F(RecordRowTest, TheServersHeadersAreAccepted) {
  EXPECT_EQ(kRecordContentType, driftserve::kProtobufContent);
  EXPECT_EQ(kRecordType, driftserve::kSampleType);
  EXPECT_EQ(kRecordSchema, driftserve::kSampleSchema);
  driftserve::CloudEvent event;
  event.type = "t";
  event.data_schema = "s";
  event.content_type = "c";
  std::vector<std::string> names;
  for (const auto& [name, content] : driftserve::CloudEventHeaders(event)) names.push_back(name);
  for (const std::string_view name : {kContentTypeHeader, kTypeHeader, kSchemaHeader}) {
    EXPECT_THAT(names, ::testing::Contains(std::string(name)));
  }
}

TEST_F(RecordRowTest, ARecordInConfluentsFramingIsReadAsItIs) {
  const std::string frame("\0\0\0\0\7\2\2", 7);
  const Record record = SampleRecord(17, *reference_);
  EXPECT_FALSE(ReadRecord(Message(frame + record.SerializeAsString()), read_));
  EXPECT_EQ(read_.seq(), 17u);
  const auto corrupt = ReadRecord(Message(frame + "\xff"), read_);
  ASSERT_TRUE(corrupt);
  EXPECT_EQ(corrupt->reason, SkipReason::kCorrupt);
  EXPECT_EQ(corrupt->detail, "not Protobuf of this schema, in Confluent's framing with schema 7");
  EXPECT_EQ(ReadRecord(Message(frame.substr(0, 4)), read_)->detail, "in Confluent's framing, which is cut short");
}

TEST_F(RecordRowTest, OthersAreToldApart) {
  const Record record = SampleRecord(1, *reference_);
  EXPECT_FALSE(CheckRecord(record, {"m", "3", reference_->hash}));
  EXPECT_FALSE(CheckRecord(record, {}));
  EXPECT_EQ(CheckRecord(record, {"other", "3", ""})->reason, SkipReason::kOtherModel);
  EXPECT_EQ(CheckRecord(record, {"m", "4", ""})->reason, SkipReason::kOtherVersion);
  EXPECT_EQ(CheckRecord(record, {"m", "3", "0123"})->reason, SkipReason::kOtherReference);
}

TEST_F(RecordRowTest, TheRecordedPartLeavesOutWhatMonitorYamlDropsOrHashes) {
  RecordSettings settings;
  settings.all = false;
  settings.modes = {{"temperature", RecordMode::kKeep}, {"carrier", RecordMode::kHash}, {"score", RecordMode::kKeep}};
  std::vector<std::string> left_out;
  const Reference part = RecordedPart(*reference_, &settings, left_out);
  EXPECT_THAT(left_out, ElementsAre("number", "carrier", "flag"));
  ASSERT_EQ(part.features.size(), 2u);
  EXPECT_EQ(part.features[1].name, "score");
  EXPECT_FALSE(CheckReference(part));
  EXPECT_EQ(part.hash, reference_->hash);
  ASSERT_FALSE(part.strata.empty());
  EXPECT_EQ(part.strata[0].cell_counts[1], reference_->strata[0].cell_counts[4]);
}

TEST_F(RecordRowTest, LabelsAreNeverRecorded) {
  Reference labelled = *reference_;
  labelled.features.back().role = Role::kLabel;
  std::vector<std::string> left_out;
  EXPECT_EQ(RecordedPart(labelled, nullptr, left_out).features.size(), 4u);
  EXPECT_THAT(left_out, ElementsAre("score"));
}

}  // namespace
}  // namespace drift
