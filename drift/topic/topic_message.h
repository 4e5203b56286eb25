#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift {

/// What the headers of a message of the samples topic say, as driftserve writes them (CloudEvents, binary mode).
inline constexpr std::string_view kContentTypeHeader = "content-type";
inline constexpr std::string_view kTypeHeader = "ce_type";
inline constexpr std::string_view kSchemaHeader = "ce_dataschema";
inline constexpr std::string_view kRecordContentType = "application/protobuf";
inline constexpr std::string_view kRecordType = "driftserve.sample.v1";
inline constexpr std::string_view kRecordSchema = "urn:protobuf:driftserve.v1.Record";

/// A message as it came. Views, valid as long as whoever gave it says.
struct TopicMessage {
  int32_t partition = 0;
  int64_t offset = 0;
  std::string_view value;
  // Of the headers above; unset: the message has no such header.
  std::optional<std::string_view> content_type, type, schema;
};

}  // namespace drift
