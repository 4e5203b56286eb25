#include "server/observe/cloud_event.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace driftserve {
namespace {

using Headers = std::map<std::string, std::string>;

Headers HeadersOf(const CloudEvent& event) {
  const auto headers = CloudEventHeaders(event);
  return Headers(headers.begin(), headers.end());
}

TEST(CloudEventTest, ASampleCarriesEveryHeader) {
  EXPECT_EQ(HeadersOf({.id = "00000000000000ff-12", .source = "driftserve/host", .type = kSampleType,
                       .data_schema = kSampleSchema, .content_type = kProtobufContent,
                       .time_ns = 1'372'655'700'000'000'007,
                       .trace_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                       .inclusion_probability = 0.03}),
            (Headers{{"ce_specversion", "1.0"},
                     {"ce_id", "00000000000000ff-12"},
                     {"ce_source", "driftserve/host"},
                     {"ce_type", "driftserve.sample.v1"},
                     {"ce_time", "2013-07-01T05:15:00.000000007Z"},
                     {"ce_dataschema", "urn:protobuf:driftserve.v1.Record"},
                     {"ce_traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                     {"ce_sampledrate", "33"},
                     {"content-type", "application/protobuf"}}));
}

TEST(CloudEventTest, WhatIsNotKnownIsLeftOut) {
  const Headers headers = HeadersOf({.id = "1", .content_type = kJsonContent});
  EXPECT_EQ(headers.count("ce_traceparent"), 0u);
  EXPECT_EQ(headers.count("ce_sampledrate"), 0u);
}

TEST(CloudEventTest, TheSampledRateIsAWholeNumberThatFits) {
  EXPECT_EQ(HeadersOf({.inclusion_probability = 1.0})["ce_sampledrate"], "1");
  EXPECT_EQ(HeadersOf({.inclusion_probability = 0.9})["ce_sampledrate"], "1");
  EXPECT_EQ(HeadersOf({.inclusion_probability = 0.01})["ce_sampledrate"], "100");
  EXPECT_EQ(HeadersOf({.inclusion_probability = 1e-12})["ce_sampledrate"], "2147483647");
}

TEST(CloudEventTest, TimesBeforeTheEpochAreWritten) {
  EXPECT_EQ(Rfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(Rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
}

TEST(CloudEventTest, ABootIdHasSixteenDigits) { EXPECT_EQ(BootIdText(0xabcdef), "0000000000abcdef"); }

}  // namespace
}  // namespace driftserve
