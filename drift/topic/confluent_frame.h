#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace drift {

/// What Confluent's serializers put before a Protobuf value: a zero byte, the schema's id in the registry (four bytes,
/// the highest first), and where the message stands in the schema's file: zigzag varints, their number and then an
/// index for each level; a single zero means the first message.
struct ConfluentFrame {
  uint32_t schema_id = 0;
  std::string_view payload;  // view into the value
};

/// Whether the value begins with the zero byte, as no Protobuf message does.
bool IsConfluentFramed(std::string_view value);

/// Nothing where the frame is cut short or its indexes are no numbers. The registry is not asked: whether the payload is
/// the message that it should be shows when it is parsed.
std::optional<ConfluentFrame> ReadConfluentFrame(std::string_view value);

}  // namespace drift
