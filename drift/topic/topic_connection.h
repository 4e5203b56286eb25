#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace drift {

/// How to reach a topic.
struct TopicConnection {
  std::string brokers;
  std::string topic;
  /// librdkafka's own properties, "security.protocol" and the like. Values are never shown: they may be secrets.
  std::vector<std::pair<std::string, std::string>> properties;
  /// Bound on every wait for a broker; 1 ms to an hour.
  int64_t timeout_ms = 15'000;
};

/// "key=value" of --kafka-config. INVALID_ARGUMENT names the key and not the value.
absl::StatusOr<std::pair<std::string, std::string>> ParseKafkaProperty(std::string_view text);

}  // namespace drift
