#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drift {

/// A place in every partition of a topic.
struct TopicPoint {
  enum class Kind { kBeginning, kEnd, kOffset, kTime } kind = Kind::kBeginning;
  int64_t value = 0;  // kOffset: the offset; kTime: Unix nanoseconds
};

/// "beginning", "end", a whole number (an offset, the same in each partition), "yesterday" or "today" (their first
/// moment, UTC), "24h" or "7d" (so long before now), a day or a time: "2026-01-01", "2026-01-01T06:30:00Z",
/// "2026-01-01T06:30:00.5+02:00". INVALID_ARGUMENT lists them.
absl::StatusOr<TopicPoint> ParseTopicPoint(std::string_view text, int64_t now_ns);

/// RFC 3339 with a zone, or a day alone (UTC); nothing for any other text, and for years before 1970 and after 2261.
std::optional<int64_t> ParseUtcTime(std::string_view text);

/// The samples of a topic from one point to another.
struct TopicAddress {
  std::string brokers;  // "host:9092,other:9092"
  std::string topic;
  TopicPoint from;
  TopicPoint to = {TopicPoint::Kind::kEnd, 0};
  std::string model_name, model_version;  // empty: as the reference says
  bool any_reference = false;             // take records that were made against another reference too
};

/// INVALID_ARGUMENT where it could hold nothing: `from` not before `to`.
absl::Status CheckOrder(const TopicAddress& address);

inline constexpr std::string_view kTopicScheme = "kafka://";
bool IsTopicAddress(std::string_view text);

/// kafka://host:9092[,host:9092…]/topic[?from=…&to=…&model=…&version=…&reference=any]. Names may be percent-encoded.
/// INVALID_ARGUMENT says what is wrong, what was expected and what there is to choose.
absl::StatusOr<TopicAddress> ParseTopicAddress(std::string_view text, int64_t now_ns);

}  // namespace drift
