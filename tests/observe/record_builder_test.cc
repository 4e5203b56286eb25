#include "server/observe/record_builder.h"

#include <cmath>
#include <limits>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace driftserve {
namespace {

using drift::Value;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class RecordBuilderTest : public ::testing::Test {
 protected:
  RecordBuilderTest() {
    WatchedModelSettings settings;
    settings.name = "flight_delay";
    settings.version = "3";
    settings.reference_hash = "abc";
    settings.features = {{"temp", 0, 0}, {"carrier", 1, 0}, {"seats", 2, 0}};
    settings.predictions = {{"p_late", 0, 0}};
    model_ = std::make_unique<WatchedModel>(
        settings, std::make_unique<SamplingRule>(std::vector<StratumRate>{{"UA", 0.05}}, 0.5, 42, 9), 1);
    sample_.request_id = "flight-1";
    sample_.request_sequence = 77;
    sample_.rule_version = 9;
    sample_.time_ns = 1'372'655'700'000'000'007;
    sample_.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  }

  OutgoingRecord Build(const drift::RecordSettings& settings, std::vector<Value> values,
                       std::optional<HashKey> key = HashKey{1, 2}) {
    RecordBuilder builder(*model_, settings, {0xff, "driftserve/host", "samples", key});
    OutgoingRecord outgoing = builder.Build(sample_, {4, 0, 1, 0.05}, values, 12);
    EXPECT_TRUE(record_.ParseFromString(outgoing.value));
    return outgoing;
  }

  std::unique_ptr<WatchedModel> model_;
  Sample sample_;
  v1::Record record_;
};

TEST_F(RecordBuilderTest, ARecordSaysWhatWasAskedAnsweredAndHowLikely) {
  Build({}, {Value::Double(21.5), Value::Text("UA"), Value::Int64(-3), Value::Double(0.25)});
  EXPECT_EQ(record_.boot_id(), 0xffu);
  EXPECT_EQ(record_.seq(), 12u);
  EXPECT_EQ(record_.request_id(), "flight-1");
  EXPECT_EQ(record_.request_sequence(), 77u);
  EXPECT_EQ(record_.row(), 4u);
  EXPECT_EQ(record_.model_name(), "flight_delay");
  EXPECT_EQ(record_.model_version(), "3");
  EXPECT_EQ(record_.stratum(), "UA");
  EXPECT_EQ(record_.inclusion_probability(), 0.05);
  EXPECT_EQ(record_.sampling_rule(), 9u);
  EXPECT_EQ(record_.sampling_key(), v1::Record::SAMPLING_KEY_SEQUENCE);
  EXPECT_EQ(record_.reference_hash(), "abc");
  EXPECT_EQ(record_.time().seconds(), 1'372'655'700);
  EXPECT_EQ(record_.time().nanos(), 7);
  ASSERT_EQ(record_.features_size(), 3);
  EXPECT_EQ(record_.features(0).name(), "temp");
  EXPECT_EQ(record_.features(0).number(), 21.5);
  EXPECT_EQ(record_.features(1).text(), "UA");
  EXPECT_EQ(record_.features(2).integer(), -3);
  ASSERT_EQ(record_.outputs_size(), 1);
  EXPECT_EQ(record_.outputs(0).name(), "p_late");
  EXPECT_EQ(record_.outputs(0).number(), 0.25);
}

TEST_F(RecordBuilderTest, KeyAndHeadersAreWhatConsumersRouteBy) {
  const OutgoingRecord outgoing =
      Build({}, {Value::Double(21.5), Value::Text("UA"), Value::Int64(-3), Value::Double(0.25)});
  EXPECT_EQ(outgoing.kind, RecordKind::kSample);
  EXPECT_EQ(outgoing.seq, 12u);
  EXPECT_EQ(outgoing.topic, "samples");
  EXPECT_EQ(outgoing.key, "flight_delay/UA");
  std::map<std::string, std::string> headers(outgoing.headers.begin(), outgoing.headers.end());
  EXPECT_EQ(headers["ce_id"], "00000000000000ff-12");
  EXPECT_EQ(headers["ce_source"], "driftserve/host");
  EXPECT_EQ(headers["ce_sampledrate"], "20");
  EXPECT_EQ(headers["ce_traceparent"], sample_.traceparent);
  EXPECT_EQ(headers["ce_time"], "2013-07-01T05:15:00.000000007Z");
}

TEST_F(RecordBuilderTest, NullsNanAndInfinitiesHaveNoValue) {
  Build({}, {Value::Double(kNan), Value::Missing(), Value::Double(-INFINITY), Value::Double(0.25)});
  for (const v1::FieldValue& field : record_.features()) {
    EXPECT_EQ(field.kind_case(), v1::FieldValue::KIND_NOT_SET) << field.name();
  }
  EXPECT_EQ(record_.features_size(), 3);
}

TEST_F(RecordBuilderTest, FieldsAreKeptHashedOrDropped) {
  drift::RecordSettings settings;
  settings.all = false;
  settings.modes = {{"temp", drift::RecordMode::kKeep}, {"carrier", drift::RecordMode::kHash},
                    {"p_late", drift::RecordMode::kKeep}};
  const OutgoingRecord outgoing =
      Build(settings, {Value::Double(21.5), Value::Text("carrier-name"), Value::Int64(-3), Value::Double(0.25)});
  ASSERT_EQ(record_.features_size(), 2);
  EXPECT_EQ(record_.features(0).number(), 21.5);
  EXPECT_EQ(record_.features(1).name(), "carrier");
  EXPECT_EQ(record_.features(1).keyed_hash(), KeyedHash("carrier-name", {1, 2}));
  EXPECT_EQ(outgoing.value.find("carrier-name"), std::string::npos);
  EXPECT_EQ(record_.outputs_size(), 1);
}

TEST_F(RecordBuilderTest, WithoutAKeyWhatShouldBeHashedIsDropped) {
  drift::RecordSettings settings;
  settings.all = false;
  settings.modes = {{"carrier", drift::RecordMode::kHash}};
  const std::vector<Value> values = {Value::Double(21.5), Value::Text("carrier-name"), Value::Int64(-3),
                                     Value::Double(0.25)};
  const OutgoingRecord outgoing = Build(settings, values, std::nullopt);
  EXPECT_EQ(record_.features_size(), 0);
  EXPECT_EQ(outgoing.value.find("carrier-name"), std::string::npos);
  const RecordBuilder builder(*model_, settings, {});
  EXPECT_EQ(builder.FieldsWithoutKey(), std::vector<std::string>{"carrier"});
}

TEST_F(RecordBuilderTest, ABuilderLeavesNothingOfTheRecordBefore) {
  RecordBuilder builder(*model_, {}, {1, "s", "t", {}});
  builder.Build(sample_, {0, 0, 1, 0.05},
                std::vector<Value>{Value::Double(1), Value::Text("UA"), Value::Int64(3), Value::Double(2)}, 1);
  sample_.request_id.clear();
  const OutgoingRecord second = builder.Build(
      sample_, {0, 0, 0, 0.5}, std::vector<Value>(4, Value::Missing()), 2);
  ASSERT_TRUE(record_.ParseFromString(second.value));
  EXPECT_EQ(record_.request_id(), "");
  EXPECT_EQ(record_.stratum(), "default");
  EXPECT_EQ(record_.features(0).kind_case(), v1::FieldValue::KIND_NOT_SET);
  EXPECT_EQ(record_.boot_id(), 1u);
}

}  // namespace
}  // namespace driftserve
