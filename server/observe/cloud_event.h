#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftserve {

/// What the headers of one message say of it, in CloudEvents' binary mode for Kafka.
struct CloudEvent {
  std::string_view id = {};
  std::string_view source = {};        // a URI reference
  std::string_view type = {};
  std::string_view data_schema = {};   // a URI
  std::string_view content_type = {};
  int64_t time_ns = 0;            // Unix
  std::string_view trace_parent = {};  // W3C; left out when empty
  double inclusion_probability = 0;  // left out when 0; else the header is 1/π, rounded, at least 1
};

inline constexpr std::string_view kSampleType = "driftserve.sample.v1";
inline constexpr std::string_view kSampleSchema = "urn:protobuf:driftserve.v1.Record";
inline constexpr std::string_view kProtobufContent = "application/protobuf";
inline constexpr std::string_view kDriftType = "driftserve.drift.v1";
inline constexpr std::string_view kDriftSchema = "urn:protobuf:driftserve.v1.DriftEvent";
inline constexpr std::string_view kJsonContent = "application/json";

/// ce_specversion, ce_id, ce_source, ce_type, ce_time, ce_dataschema, ce_traceparent, ce_sampledrate, content-type.
std::vector<std::pair<std::string, std::string>> CloudEventHeaders(const CloudEvent& event);

/// "2013-07-01T05:15:00.000000000Z"; any time of the years 1677 to 2262.
std::string Rfc3339(int64_t unix_ns);

/// 16 hexadecimal digits: how a boot id is written in ids and logs.
std::string BootIdText(uint64_t boot_id);

}  // namespace driftserve
